import { useEffect, useRef, useState } from "react";
import { useI18n } from "@/i18n";
import type { Turn } from "./store";

const MARKS = /\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]/g;

/** Reads a streamed answer aloud, sentence by sentence, and says when it is complete. Old answers stay silent. */
export function LiveAnswer({ turn }: { turn: Turn | null }) {
  const { t, count } = useI18n();
  const [said, setSaid] = useState<{ key: string; text: string }[]>([]);
  const following = useRef<{ id: string; length: number } | null>(null);
  useEffect(() => {
    if (!turn) return;
    if (turn.status === "running" && following.current?.id !== turn.id) {
      following.current = { id: turn.id, length: 0 };
      setSaid([]);
    }
    const state = following.current;
    if (state?.id !== turn.id) return;
    const fresh = turn.text.slice(state.length).replace(MARKS, "").trim();
    const say = (key: string, text: string) => setSaid((before) => [...before, { key: `${turn.id}-${key}`, text }]);
    if (fresh) {
      say(String(state.length), fresh);
      state.length = turn.text.length;
    }
    if (turn.status === "running") return;
    following.current = null;
    if (turn.status === "done") {
      say("end", turn.answer?.abstained ? t("chat.live.abstained") : count("chat.live.done", turn.citations.length));
    } else if (turn.status === "stopped") say("end", t("chat.stoppedEmpty"));
  }, [turn, t, count]);
  return (
    <div aria-live="polite" aria-atomic="false" className="sr-only">
      {said.map((piece) => (
        <p key={piece.key}>{piece.text}</p>
      ))}
    </div>
  );
}
