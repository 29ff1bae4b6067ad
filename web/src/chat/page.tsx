import {
  AssistantRuntimeProvider, type AppendMessage, ThreadPrimitive, type ThreadMessageLike, useExternalStoreRuntime,
} from "@assistant-ui/react";
import { ArrowDown } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { UploadBar } from "@/documents/upload-bar";
import { useI18n } from "@/i18n";
import { Button, IconButton } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { AnswerView } from "./answer";
import { Composer } from "./composer";
import { EmptyThread } from "./empty";
import { LiveAnswer } from "./live";
import { useModels } from "./models";
import { buildOptions, usePreferences } from "./preferences";
import { chat, type Thread, type Turn, useThread } from "./store";
import { ThreadContext, type ThreadContextValue } from "./thread-context";

function statusOf(turn: Turn): NonNullable<ThreadMessageLike["status"]> {
  switch (turn.status) {
    case "running":
      return { type: "running" };
    case "done":
      return { type: "complete", reason: "stop" };
    case "stopped":
      return { type: "incomplete", reason: "cancelled" };
    case "failed":
      return { type: "incomplete", reason: "error" };
  }
}

function toMessages(turns: readonly Turn[]): ThreadMessageLike[] {
  return turns.flatMap((turn): ThreadMessageLike[] => [
    { id: `${turn.id}-q`, role: "user", content: turn.question },
    {
      id: `${turn.id}-a`, role: "assistant", content: turn.text, status: statusOf(turn),
      metadata: { custom: { turn: turn.id } },
    },
  ]);
}

const QUESTION_MARGIN_PX = 24;

const keepMessage = (message: ThreadMessageLike) => message;

function textOf(message: AppendMessage): string {
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("").trim();
}

export function ChatPage({ conversationId }: { conversationId: string | null }) {
  const thread = useThread(conversationId);
  const { t } = useI18n();
  useEffect(() => {
    if (conversationId !== null) void chat.open(conversationId);
  }, [conversationId]);
  if (thread.state === "failed" && thread.error) {
    return (
      <div className="mx-auto w-full max-w-xl p-6">
        <FailureNote failure={thread.error} title={t("chat.loadFailed")}>
          <Button size="small" onClick={() => conversationId && void chat.open(conversationId)}>
            {t("app.retry")}
          </Button>
        </FailureNote>
      </div>
    );
  }
  if (thread.state === "loading") {
    return (
      <p role="status" className="m-auto text-sm text-ink-2">
        {t("app.loading")}
      </p>
    );
  }
  return <ThreadView key={thread.key} thread={thread} />;
}

function ThreadView({ thread }: { thread: Thread }) {
  const { t } = useI18n();
  const preferences = usePreferences();
  const { canThink } = useModels();
  const messages = useMemo(() => toMessages(thread.turns), [thread.turns]);
  const isRunning = thread.turns.some((turn) => turn.status === "running");
  const options = useMemo(() => buildOptions(preferences, canThink), [preferences, canThink]);
  const context = useMemo<ThreadContextValue>(
    () => ({ thread, options, ask: (question) => void chat.ask(thread.key, question, options) }),
    [thread, options],
  );
  const runtime = useExternalStoreRuntime<ThreadMessageLike>({
    messages,
    isRunning,
    convertMessage: keepMessage,
    onNew: async (message) => context.ask(textOf(message)),
    onCancel: async () => chat.stop(thread.key),
  });
  const isEmpty = thread.turns.length === 0;
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <ThreadContext.Provider value={context}>
        <ThreadPrimitive.Root className="relative flex min-h-0 flex-1 flex-col">
          <h1 className="sr-only">{thread.title || t("chat.title")}</h1>
          {isEmpty ? null : <UploadBar />}
          <ThreadPrimitive.Viewport
            data-thread
            autoScroll={false}
            scrollToBottomOnInitialize={false}
            scrollToBottomOnRunStart={false}
            scrollToBottomOnThreadSwitch={false}
            className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto px-4 [container-type:size] sm:px-6"
          >
            {isEmpty ? (
              <EmptyThread />
            ) : (
              <div className="mx-auto w-full max-w-[46rem] pt-6 pb-10">
                <ThreadPrimitive.Messages>
                  {({ message }) => {
                    const turn = thread.turns.find((other) => message.id === `${other.id}-q` || message.id === `${other.id}-a`);
                    if (!turn) return null;
                    const isLast = turn === thread.turns.at(-1);
                    if (message.role === "user") return <Question text={turn.question} isLast={isLast} />;
                    // Room below, so that the last question can stand at the top however short its answer.
                    return (
                      <div className={isLast && thread.turns.length > 1 ? "min-h-[calc(100cqh-8rem)]" : undefined}>
                        <AnswerView turn={turn} />
                      </div>
                    );
                  }}
                </ThreadPrimitive.Messages>
              </div>
            )}
          </ThreadPrimitive.Viewport>
          <div className="no-print relative shrink-0 px-3 pb-[max(0.625rem,env(safe-area-inset-bottom))] sm:px-6 sm:pb-3.5">
            <ThreadPrimitive.ScrollToBottom asChild>
              <IconButton
                label={t("chat.scrollDown")}
                className="absolute -top-12 left-1/2 -translate-x-1/2 rounded-full border border-line bg-raised shadow-float disabled:hidden"
              >
                <ArrowDown size={18} aria-hidden />
              </IconButton>
            </ThreadPrimitive.ScrollToBottom>
            <Composer isRunning={isRunning} isFollowUp={!isEmpty} />
          </div>
          <LiveAnswer turn={thread.turns.at(-1) ?? null} />
        </ThreadPrimitive.Root>
      </ThreadContext.Provider>
    </AssistantRuntimeProvider>
  );
}

function Question({ text, isLast }: { text: string; isLast: boolean }) {
  const { t } = useI18n();
  const place = useRef<HTMLDivElement>(null);
  const isNew = useRef(isLast);
  useLayoutEffect(() => {
    const thread = place.current?.closest("[data-thread]");
    if (!isNew.current || !place.current || !thread) return;
    // Not scrollIntoView: it would move what lies around the thread as well.
    const offset = place.current.getBoundingClientRect().top - thread.getBoundingClientRect().top;
    thread.scrollTop += offset - QUESTION_MARGIN_PX;
  }, []);
  return (
    <div ref={place} className="mt-8 flex justify-end first:mt-0">
      <div className="max-w-[85%] rounded-2xl rounded-br-md bg-sunken px-4 py-2.5 text-[0.9875rem] whitespace-pre-wrap ring-1 ring-line ring-inset">
        <h2 className="sr-only">{t("chat.you")}</h2>
        {text}
      </div>
    </div>
  );
}
