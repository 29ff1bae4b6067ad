import { CircleCheck } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Verdict } from "@/api/types";
import { useI18n } from "@/i18n";
import { Link } from "@/shell/link";
import { closeSource } from "@/sources/store";
import { Button } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { Kbd } from "@/ui/kbd";
import { readExample } from "./conversation";
import { AnswerField, NoteField } from "./editor";
import { chooseLetters, isTaken, type Mode, nameKey, readCommand } from "./keys";
import { About, Checks, Conversation, Fold, Passages } from "./sample";
import { openSourceOf, Sources } from "./sources";
import type { Entry, ReviewSession, SessionState } from "./session";
import { EditBar, LookBar, ReasonBar, type Stage, WarnedBar } from "./verdict-bar";

const LOOK: Stage = { at: "look" };
/** A question and answer of this length stay in view while a long source is scrolled. */
const SHORT = 1200;

interface DeskProps {
  session: ReviewSession;
  state: SessionState;
  dataset: string;
  /** Whether the dataset holds nothing that the reader may read. */
  isEmpty: boolean;
  reasons: readonly string[];
  onKeys: () => void;
}

/** The example in hand, or what there is instead of one. */
export function Desk(props: DeskProps) {
  const { session, state, dataset, isEmpty } = props;
  const entry = state.line[state.place];
  useEffect(() => {
    if (entry) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTaken(event.target)) return;
      const command = readCommand(event, "look");
      if (command === "back") void session.back();
      if (command === "keys") props.onKeys();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [entry === undefined, session]);
  if (entry) return <Example {...props} entry={entry} />;
  return <Nothing session={session} state={state} dataset={dataset} isEmpty={isEmpty} />;
}

function Nothing({ session, state, dataset, isEmpty }: Pick<DeskProps, "session" | "state" | "dataset" | "isEmpty">) {
  const { t, count } = useI18n();
  const aside = state.line.filter((entry) => entry.isAside).length;
  if (state.failure) {
    return (
      <div className="flex-1 p-4 sm:p-8">
        <div className="mx-auto max-w-xl">
          <FailureNote failure={state.failure} title={t("review.failed")}>
            <Button size="small" onClick={() => void session.retry()}>
              {t("app.retry")}
            </Button>
          </FailureNote>
        </div>
      </div>
    );
  }
  if (!state.isExhausted) {
    return (
      <p role="status" className="flex-1 p-8 text-center text-sm text-ink-2">
        {t("app.loading")}
      </p>
    );
  }
  if (isEmpty) {
    return (
      <p role="status" className="flex-1 p-8 text-center text-ink-2">
        {t("review.none")}
      </p>
    );
  }
  return (
    <div className="grid flex-1 place-items-center overflow-y-auto p-6 text-center">
      <div>
        <CircleCheck size={36} aria-hidden className="mx-auto text-good" />
        <h2 className="mt-3 text-2xl font-semibold">{t("review.done")}</h2>
        <p className="mt-1 max-w-md text-sm text-ink-2">
          {aside ? count("review.doneAside", aside) : t("review.doneText")}
        </p>
        <div className="mt-5 flex flex-wrap items-center justify-center gap-2">
          {aside ? (
            <Button kind="solid" onClick={() => session.takeUp()}>
              {t("review.takeUp")}
            </Button>
          ) : null}
          <Link
            to={{ page: "review", dataset, tab: "overview" }}
            className="inline-flex min-h-10 items-center rounded-lg border border-line-strong bg-raised px-4 text-[0.9375rem] font-medium hover:border-ember hover:text-ember-strong"
          >
            {t("review.toOverview")}
          </Link>
          <Button kind="quiet" onClick={() => void session.back()} disabled={!state.hasEarlier}>
            {t("review.previous")}
            <Kbd>←</Kbd>
          </Button>
        </div>
      </div>
    </div>
  );
}

/** A value that belongs to one example: another begins with its own, and who comes back finds it as it was. */
function useOfEntry<T>(id: string, initial: () => T): [T, (value: T) => void] {
  const [held, setHeld] = useState<ReadonlyMap<string, T>>(() => new Map());
  const value = held.get(id);
  return [value === undefined ? initial() : value, (next) => setHeld((before) => new Map(before).set(id, next))];
}

function Example({ session, state, entry, reasons, onKeys }: DeskProps & { entry: Entry }) {
  const { t } = useI18n();
  const { example } = entry.item;
  const reading = useMemo(() => readExample(example), [example]);
  const original = reading.turns.map((turn) => turn.answer);
  const kept = entry.judgement?.verdict === "fix" ? entry.judgement.answers : [];
  const [stage, setStage] = useOfEntry<Stage>(entry.id, () => LOOK);
  const [note, setNote] = useOfEntry(entry.id, () => entry.judgement?.note ?? "");
  const [isNoting, setNoting] = useOfEntry(entry.id, () => false);
  const [arePassagesOpen, setPassagesOpen] = useOfEntry(entry.id, () => false);
  const [isSystemOpen, setSystemOpen] = useOfEntry(entry.id, () => false);
  const [areChecksOpen, setChecksOpen] = useState(false);
  const desk = useRef<HTMLElement>(null);
  const noteField = useRef<HTMLInputElement>(null);
  const letters = useMemo(() => chooseLetters(reasons), [reasons]);
  const passages = reading.turns.flatMap((turn) => turn.passages);
  const hasSources = entry.item.sources.length > 0;

  useEffect(() => {
    closeSource({ refocus: false });
    desk.current?.scrollTo({ top: 0 });
    giveKeysBack();
  }, [entry.id]);

  /** Where nothing else has the focus, the desk has: arrows scroll it, and the next Tab starts there. */
  function giveKeysBack() {
    const active = document.activeElement;
    if (!active || active === document.body || !active.isConnected) desk.current?.focus({ preventScroll: true });
  }

  const decide = async (verdict: Verdict, reason = "", answers: string[] = []) => {
    const judgement = { verdict, reason, note: note.trim(), answers };
    const sent = session.judge(judgement);
    if (verdict !== "fix") {
      setStage(LOOK);
      session.advance();
      return;
    }
    // A correction is answered before the next example comes: the checks may doubt it.
    setStage({ at: "saving" });
    const outcome = await sent;
    if (session.current?.id !== entry.id) return;
    const warning = "kept" in outcome ? outcome.kept.warning : null;
    if (warning) setStage({ at: "warned", judgement, warning });
    else {
      setStage(LOOK);
      session.advance();
    }
  };
  const startFix = (answers: readonly string[]) => setStage({ at: "edit", answers: [...answers] });
  const startVerdict = (verdict: Verdict) => {
    if (verdict === "accept") void decide("accept");
    else if (verdict === "reject") setStage({ at: "reason", verdict, answers: [] });
    else startFix(original.map((answer, index) => kept[index] ?? answer));
  };
  const before = original.map((answer, index) => kept[index] ?? answer);
  const edited = stage.at === "edit" ? stage.answers : null;
  const isSame = edited?.every((answer, index) => answer === original[index]) ?? false;
  const isEmpty = edited?.some((answer) => !answer.trim()) ?? false;
  const canSave = edited !== null && !isSame && !isEmpty;
  const saveFix = () => {
    if (edited && canSave) setStage({ at: "reason", verdict: "fix", answers: edited });
  };
  const leave = () => {
    if (stage.at === "reason" && stage.verdict === "fix") startFix(stage.answers);
    else setStage(LOOK);
    desk.current?.focus({ preventScroll: true });
  };
  const giveReason = (reason: string) => {
    if (stage.at === "reason") void decide(stage.verdict, reason, stage.answers);
  };
  const takeNote = () => {
    // At once: the next key is a letter of the note.
    flushSync(() => setNoting(true));
    noteField.current?.focus();
  };
  const keepFix = () => {
    setStage(LOOK);
    session.advance();
  };
  const editAgain = () => {
    if (stage.at === "warned") startFix(stage.judgement.answers);
  };

  const onKey = useLatest((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.repeat || isTaken(event.target)) return;
    if (stage.at === "edit" || stage.at === "saving") return;
    // Enter and Space belong to the button that has the focus.
    const isOnControl = event.target instanceof Element && event.target.closest("button, a, summary") !== null;
    if (isOnControl && (event.key === "Enter" || event.key === " ")) return;
    const mode: Mode = stage.at;
    const name = nameKey(event);
    const reason = mode === "reason" ? reasons.find((each) => letters.get(each) === name) : undefined;
    const command = reason ? null : readCommand(event, mode);
    if (!reason && !command) return;
    event.preventDefault();
    if (reason) giveReason(reason);
    switch (command) {
      case "accept":
      case "fix":
      case "reject":
        startVerdict(command);
        break;
      case "back":
        void session.back();
        break;
      case "forward":
        session.forward();
        break;
      case "aside":
        session.putAside();
        break;
      case "note":
        takeNote();
        break;
      case "passages":
        if (passages.length) setPassagesOpen(!arePassagesOpen);
        break;
      case "open":
        openSourceOf(entry.item, 0);
        break;
      case "keys":
        onKeys();
        break;
      case "cancel":
        leave();
        break;
      case "keep":
        keepFix();
        break;
      case "edit":
        editAgain();
        break;
      case null:
        break;
    }
  });
  useEffect(() => {
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onKey]);

  const length = reading.turns.reduce((sum, turn) => sum + turn.question.length + turn.answer.length, 0);
  const isShort = length < SHORT && !arePassagesOpen && !areChecksOpen && !edited;
  return (
    <div data-example={entry.id} className="@container flex min-h-0 flex-1 flex-col">
      <p aria-live="polite" className="sr-only">
        {reading.turns[0]?.question}
      </p>
      <section
        ref={desk}
        tabIndex={-1}
        aria-label={t("review.sample")}
        className="min-h-0 flex-1 overflow-y-auto px-4 outline-none sm:px-6"
      >
        <div className="mx-auto grid w-full max-w-[88rem] gap-x-10 gap-y-8 pt-5 pb-8 @4xl:grid-cols-2 @4xl:pt-7">
          <div className={isShort ? "min-w-0 self-start @4xl:sticky @4xl:top-7" : "min-w-0"}>
            <About entry={entry} isAgain={entry.judgement !== null && stage.at === "look"} />
            <div className="mt-4">
              <Conversation
                reading={reading}
                language={example.language}
                answers={stage.at === "reason" && stage.verdict === "fix" ? stage.answers : before}
                editAnswer={
                  edited
                    ? (index) => (
                        <AnswerField
                          value={edited[index] ?? ""}
                          isFirst={index === 0}
                          onChange={(value) => setStage({ at: "edit", answers: edited.map((each, i) => (i === index ? value : each)) })}
                          onSave={saveFix}
                          onLeave={leave}
                        />
                      )
                    : null
                }
              />
            </div>
            <div className="mt-5 space-y-0.5 border-t border-line pt-2">
              {passages.length && hasSources ? (
                <PassagesFold
                  number={passages.length}
                  open={arePassagesOpen}
                  onToggle={() => setPassagesOpen(!arePassagesOpen)}
                >
                  <Passages passages={passages} language={example.language} />
                </PassagesFold>
              ) : null}
              {reading.system ? (
                <Fold title={t("review.system")} open={isSystemOpen} onToggle={() => setSystemOpen(!isSystemOpen)}>
                  <p lang={example.language} className="mt-1 rounded-xl bg-sunken px-4 py-2.5 text-sm whitespace-pre-wrap">
                    {reading.system}
                  </p>
                </Fold>
              ) : null}
              <Checks entry={entry} open={areChecksOpen} onToggle={() => setChecksOpen(!areChecksOpen)} />
            </div>
          </div>
          <section aria-label={t("review.sources")} className="min-w-0">
            <Sources item={entry.item} passages={passages} />
          </section>
        </div>
      </section>
      <footer className="no-print border-t border-line bg-raised px-3 py-2.5 sm:px-6">
        <div className="mx-auto w-full max-w-[88rem]">
          {isNoting || note ? (
            <div className="mb-2.5">
              <NoteField
                field={noteField}
                value={note}
                onChange={setNote}
                onDone={() => {
                  setNoting(false);
                  desk.current?.focus({ preventScroll: true });
                }}
              />
            </div>
          ) : null}
          {stage.at === "look" ? (
            <LookBar
              judgement={entry.judgement}
              last={state.last}
              canGoBack={state.hasEarlier}
              hasNote={note !== ""}
              onVerdict={startVerdict}
              onBack={() => void session.back()}
              onAside={() => session.putAside()}
              onNote={takeNote}
            />
          ) : null}
          {stage.at === "reason" ? (
            <ReasonBar
              verdict={stage.verdict}
              reasons={reasons}
              letters={letters}
              hasNote={note !== ""}
              onReason={giveReason}
              onNote={takeNote}
              onLeave={leave}
            />
          ) : null}
          {stage.at === "edit" ? (
            <EditBar
              hint={t(isEmpty ? "review.fixEmpty" : isSame ? "review.fixSame" : "review.fixHint")}
              canSave={canSave}
              onSave={saveFix}
              onLeave={leave}
            />
          ) : null}
          {stage.at === "saving" ? (
            <p role="status" className="flex min-h-11 items-center text-sm text-ink-2">
              {t("review.saving")}
            </p>
          ) : null}
          {stage.at === "warned" ? <WarnedBar warning={stage.warning} onKeep={keepFix} onEdit={editAgain} /> : null}
        </div>
      </footer>
    </div>
  );
}

interface PassagesFoldProps {
  number: number;
  open: boolean;
  onToggle: () => void;
  children: React.ReactNode;
}

function PassagesFold({ number, open, onToggle, children }: PassagesFoldProps) {
  const { count } = useI18n();
  return (
    <Fold title={count("review.passages", number)} open={open} onToggle={onToggle} keyName={<Kbd>P</Kbd>}>
      {children}
    </Fold>
  );
}

/** One function for the life of the component that always does the latest. */
function useLatest<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  return useCallback((...args: A) => latest.current(...args), []);
}
