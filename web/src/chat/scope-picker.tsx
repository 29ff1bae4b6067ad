import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Check, Files, Filter, X } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { listDocuments } from "@/api/client";
import { useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { fileName, titleOf } from "@/text/export";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { CHIP } from "./model-picker";
import { changePreferences, type ScopeDocument, usePreferences } from "./preferences";

/** Narrow questions to chosen documents. */
export function ScopePicker() {
  const { t, count } = useI18n();
  const { scope } = usePreferences();
  const [isOpen, setOpen] = useState(false);
  const only = scope.length === 1 ? scope[0] : undefined;
  const label = only ? titleOf(only) : scope.length ? count("dive.chosen", scope.length) : t("dive.button");
  return (
    <>
      <span className={cx("flex min-w-0 items-center rounded-lg", scope.length > 0 && "bg-ember-soft")}>
        <button
          type="button"
          className={cx(CHIP, scope.length > 0 && "text-ember-strong hover:bg-transparent")}
          aria-haspopup="dialog"
          aria-label={`${t("dive.title")}: ${label}`}
          onClick={() => setOpen(true)}
        >
          {scope.length ? <Filter size={15} aria-hidden className="shrink-0" /> : <Files size={15} aria-hidden className="shrink-0" />}
          <span className={cx("truncate sm:max-w-52", scope.length === 0 && "max-sm:sr-only")}>{label}</span>
        </button>
        {scope.length ? (
          <button
            type="button"
            aria-label={t("dive.clear")}
            onClick={() => changePreferences({ scope: [] })}
            className="mr-0.5 grid size-7 shrink-0 place-items-center rounded-md text-ember-strong hover:bg-raised pointer-coarse:size-10"
          >
            <X size={14} aria-hidden />
          </button>
        ) : null}
      </span>
      <ScopeDialog open={isOpen} onOpenChange={setOpen} />
    </>
  );
}

function ScopeDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useI18n();
  const { scope } = usePreferences();
  const [words, setWords] = useState("");
  const q = useDeferredValue(words.trim());
  const found = useQuery({
    queryKey: ["documents", "scope", q],
    queryFn: ({ signal }) => listDocuments({ limit: 50, q }, signal),
    enabled: open,
    placeholderData: keepPreviousData,
  });
  const documents = found.data?.documents ?? [];
  const chosen = new Set(scope.map((document) => document.id));
  const toggle = ({ id, title, uri }: ScopeDocument) =>
    changePreferences({
      scope: chosen.has(id) ? scope.filter((document) => document.id !== id) : [...scope, { id, title, uri }],
    });
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("dive.title")} description={t("dive.text")} wide>
      <input
        type="search"
        value={words}
        onChange={(event) => setWords(event.target.value)}
        aria-label={t("dive.search")}
        placeholder={t("dive.search")}
        className="h-11 w-full rounded-lg border border-line-strong bg-paper px-3"
      />
      {scope.length ? (
        <ul className="mt-2 flex flex-wrap gap-1.5">
          {scope.map((document) => (
            <li key={document.id}>
              <button
                type="button"
                aria-label={t("dive.remove", { title: titleOf(document) })}
                onClick={() => toggle(document)}
                className="inline-flex max-w-64 items-center gap-1 rounded-full bg-ember-soft py-1 pr-2 pl-3 text-xs text-ember-strong"
              >
                <span className="truncate">{titleOf(document)}</span>
                <X size={12} aria-hidden className="shrink-0" />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <ul className="-mx-2 mt-2 h-72 overflow-y-auto">
        {documents.map((document) => (
          <li key={document.id}>
            <button
              type="button"
              role="checkbox"
              aria-checked={chosen.has(document.id)}
              onClick={() => toggle(document)}
              className="flex min-h-11 w-full items-center gap-3 rounded-lg px-2 py-1.5 text-left hover:bg-sunken"
            >
              <span
                aria-hidden
                className={cx(
                  "grid size-5 shrink-0 place-items-center rounded border",
                  chosen.has(document.id) ? "border-ember bg-ember text-on-ember" : "border-line-strong",
                )}
              >
                {chosen.has(document.id) ? <Check size={14} /> : null}
              </span>
              <span className="min-w-0">
                <span className="block truncate text-sm">{titleOf(document)}</span>
                <span className="block truncate text-xs text-ink-2">{fileName(document.uri)}</span>
              </span>
            </button>
          </li>
        ))}
        {found.isSuccess && documents.length === 0 ? <li className="px-2 py-3 text-sm text-ink-2">{t("dive.none")}</li> : null}
      </ul>
      <div className="mt-3 flex justify-between gap-2">
        <Button kind="quiet" disabled={!scope.length} onClick={() => changePreferences({ scope: [] })}>
          {t("dive.clear")}
        </Button>
        <Button kind="solid" onClick={() => onOpenChange(false)}>
          {t("dive.done")}
        </Button>
      </div>
    </Dialog>
  );
}
