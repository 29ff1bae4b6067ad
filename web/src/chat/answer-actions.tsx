import { Braces, Copy, Download, FileText, PencilLine, ThumbsDown, ThumbsUp } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Answer, Feedback } from "@/api/types";
import { useI18n } from "@/i18n";
import { formatAnswer, formatExchange, saveFile, toFileName } from "@/text/export";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Menu, MenuItem } from "@/ui/menu";
import { showToast } from "@/ui/toast";
import { chat, type Turn } from "./store";
import { useThreadContext } from "./thread-context";

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context (http on another address) the old way still works.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "fixed opacity-0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** Copy, save, rate, correct. */
export function AnswerActions({ turn, answer }: { turn: Turn; answer: Answer }) {
  const { t, language } = useI18n();
  const { thread } = useThreadContext();
  const [isCorrecting, setCorrecting] = useState(false);
  const rating = turn.feedback?.rating ?? null;

  const give = async (feedback: Feedback, thanks: string) => {
    try {
      await chat.giveFeedback(thread.key, turn.id, feedback);
      showToast(thanks);
    } catch {
      showToast(t("answer.feedbackFailed"), "bad");
    }
  };
  const rate = (value: "up" | "down") => void give({ ...turn.feedback, rating: value }, t("answer.feedbackSaved"));
  const copy = async () => {
    const done = await copyText(formatAnswer(answer, t));
    showToast(t(done ? "answer.copied" : "answer.copyFailed"), done ? "plain" : "bad");
  };
  const taken = answer.timings_ms["total"] ?? 0;
  const total = taken >= 100 ? taken : 0; // below a tenth of a second there is nothing to tell
  const canRate = turn.messageId !== null;
  return (
    <>
      {turn.feedback?.correction ? (
        <div className="mt-4 rounded-xl bg-good-soft px-4 py-3 text-sm">
          <p className="text-xs font-semibold text-good">{t("answer.yourCorrection")}</p>
          <p className="mt-0.5 whitespace-pre-wrap">{turn.feedback.correction}</p>
        </div>
      ) : null}
      <div className="no-print mt-2 -ml-2 flex flex-wrap items-center gap-0.5">
        <IconButton label={t("answer.copy")} compact onClick={() => void copy()}>
          <Copy size={16} aria-hidden />
        </IconButton>
        <Menu
          align="start"
          trigger={
            <IconButton label={t("answer.export")} compact>
              <Download size={16} aria-hidden />
            </IconButton>
          }
        >
          <MenuItem
            onSelect={() => saveFile(toFileName(answer.question, "md"), "text/markdown", formatExchange(answer, t))}
          >
            <FileText size={15} aria-hidden />
            {t("answer.exportMarkdown")}
          </MenuItem>
          <MenuItem
            onSelect={() =>
              saveFile(toFileName(answer.question, "json"), "application/json", `${JSON.stringify(answer, null, 2)}\n`)
            }
          >
            <Braces size={15} aria-hidden />
            {t("answer.exportJson")}
          </MenuItem>
        </Menu>
        {canRate ? (
          <>
            <IconButton label={t("answer.up")} compact pressed={rating === "up"} onClick={() => rate("up")}>
              <ThumbsUp size={16} aria-hidden fill={rating === "up" ? "currentColor" : "none"} />
            </IconButton>
            <IconButton
              label={t("answer.down")}
              compact
              pressed={rating === "down"}
              onClick={() => {
                rate("down");
                setCorrecting(true);
              }}
            >
              <ThumbsDown size={16} aria-hidden fill={rating === "down" ? "currentColor" : "none"} />
            </IconButton>
            <IconButton label={t("answer.correct")} compact onClick={() => setCorrecting(true)}>
              <PencilLine size={16} aria-hidden />
            </IconButton>
          </>
        ) : null}
        <span className="ml-2 truncate text-xs text-ink-3">
          {answer.mode === "generated" ? t("answer.generated", { model: answer.model }) : null}
          {answer.mode === "generated" && total ? " · " : null}
          {total
            ? t("answer.seconds", {
                n: new Intl.NumberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(total / 1000),
              })
            : null}
        </span>
      </div>
      <CorrectionDialog
        open={isCorrecting}
        onOpenChange={setCorrecting}
        before={turn.feedback?.correction ?? ""}
        onSave={(correction) =>
          void give({ ...turn.feedback, rating: turn.feedback?.rating ?? "down", correction }, t("answer.correctSaved"))
        }
      />
    </>
  );
}

interface CorrectionDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  before: string;
  onSave: (correction: string) => void;
}

function CorrectionDialog({ open, onOpenChange, before, onSave }: CorrectionDialogProps) {
  const { t } = useI18n();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const correction = String(new FormData(event.currentTarget).get("correction") ?? "").trim();
    if (!correction) return;
    onSave(correction);
    onOpenChange(false);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("answer.correctTitle")}
      description={t("answer.correctText")}
      wide
    >
      <form onSubmit={submit}>
        <label htmlFor="correction" className="text-sm font-medium">
          {t("answer.correctLabel")}
        </label>
        <textarea
          id="correction"
          name="correction"
          required
          rows={5}
          maxLength={8000}
          defaultValue={before}
          className="mt-1.5 block w-full resize-y rounded-lg border border-line-strong bg-paper p-3"
        />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={() => onOpenChange(false)}>{t("app.cancel")}</Button>
          <Button type="submit" kind="solid">
            {t("app.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
