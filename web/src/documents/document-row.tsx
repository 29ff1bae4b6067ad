import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, Ellipsis, MessageSquareText, Tag, Trash2, TriangleAlert } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { deleteDocument, loadMe, originalAddress, toFailure, updateDocument } from "@/api/client";
import type { DocumentRecord, Failure } from "@/api/types";
import { changePreferences } from "@/chat/preferences";
import { chat } from "@/chat/store";
import { useI18n } from "@/i18n";
import { goTo } from "@/shell/route";
import { closeSource, openDocument, useSource } from "@/sources/store";
import { cx } from "@/text/cx";
import { fileName, titleOf } from "@/text/export";
import { Button, IconButton } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { FailureNote } from "@/ui/failure";
import { Menu, MenuItem, MenuLink } from "@/ui/menu";
import { showToast } from "@/ui/toast";
import { LabelBadge } from "./label-badge";

const EXTENSIONS: Record<DocumentRecord["kind"], string> = {
  pdf: "PDF", docx: "DOCX", pptx: "PPTX", xlsx: "XLSX", csv: "CSV", html: "HTML", markdown: "MD", text: "TXT",
  email: "EML", hwpx: "HWPX", hwp: "HWP", archive: "ZIP",
};

/** Start a conversation that looks into one document alone. */
export function askAbout({ id, title, uri }: Pick<DocumentRecord, "id" | "title" | "uri">): void {
  changePreferences({ scope: [{ id, title, uri }] });
  chat.startNew();
  goTo({ page: "chat", conversation: null });
}

export function DocumentRow({ document }: { document: DocumentRecord }) {
  const { t, count, bytes, date, explain } = useI18n();
  const queries = useQueryClient();
  const source = useSource();
  const [isDeleting, setDeleting] = useState(false);
  const [isLabelling, setLabelling] = useState(false);
  const title = titleOf(document);
  const isOpen = source?.document === document.id;

  const remove = async () => {
    try {
      await deleteDocument(document.id);
      if (isOpen) closeSource({ refocus: false });
      showToast(t("documents.deleted", { title }));
    } catch (error) {
      showToast(explain(toFailure(error)).message, "bad");
    }
    for (const name of ["documents", "health", "labels"]) await queries.invalidateQueries({ queryKey: [name] });
  };
  const facts = [
    fileName(document.uri) === title ? "" : fileName(document.uri),
    document.num_pages ? count("documents.pages", document.num_pages) : "",
    bytes(document.size_bytes),
    date(document.ingested_at),
  ].filter(Boolean);

  return (
    <li data-document={document.id} className={cx("relative flex items-center gap-3 py-2.5 sm:gap-4", isOpen && "bg-ember-soft/50")}>
      <span
        aria-hidden
        className="grid h-9 w-14 shrink-0 place-items-center rounded-md border border-line bg-raised text-[0.6875rem] leading-none font-semibold text-ink-2"
      >
        {EXTENSIONS[document.kind]}
      </span>
      <div className="min-w-0 flex-1">
        <button
          type="button"
          aria-pressed={isOpen}
          aria-label={t("documents.open", { title })}
          onClick={() => (isOpen ? closeSource() : openDocument(document))}
          className="block max-w-full truncate text-left font-medium before:absolute before:inset-0 hover:text-ember-strong"
        >
          {title}
        </button>
        <p className="truncate text-xs text-ink-2">{facts.join(" · ")}</p>
        {document.label === "open" ? null : (
          <p className="mt-1 flex sm:hidden">
            <LabelBadge label={document.label} />
          </p>
        )}
        {document.warnings.length ? (
          <details className="relative z-10 mt-0.5 w-fit text-xs text-warn-ink">
            <summary className="flex items-center gap-1">
              <TriangleAlert size={12} aria-hidden />
              {count("documents.warnings", document.warnings.length)}
            </summary>
            <ul className="mt-1 list-disc pl-5">
              {document.warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          </details>
        ) : null}
      </div>
      <span className="hidden max-w-48 shrink-0 sm:block">
        <LabelBadge label={document.label} />
      </span>
      <div className="relative z-10 shrink-0">
        <Menu
          trigger={
            <IconButton label={t("documents.menu", { title })} compact>
              <Ellipsis size={17} aria-hidden />
            </IconButton>
          }
        >
          <MenuItem onSelect={() => askAbout(document)}>
            <MessageSquareText size={15} aria-hidden />
            {t("source.ask")}
          </MenuItem>
          <MenuItem onSelect={() => setLabelling(true)}>
            <Tag size={15} aria-hidden />
            {t("documents.editLabel")}
          </MenuItem>
          <MenuLink href={originalAddress(document.id)}>
            <Download size={15} aria-hidden />
            {t("documents.download")}
          </MenuLink>
          <MenuItem danger onSelect={() => setDeleting(true)}>
            <Trash2 size={15} aria-hidden />
            {t("app.delete")}
          </MenuItem>
        </Menu>
      </div>
      <Confirm
        open={isDeleting}
        onOpenChange={setDeleting}
        title={t("documents.deleteTitle")}
        description={t("documents.deleteText", { title })}
        action={t("app.delete")}
        onConfirm={() => void remove()}
      />
      <LabelDialog document={document} open={isLabelling} onOpenChange={setLabelling} />
    </li>
  );
}

interface LabelDialogProps {
  document: DocumentRecord;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

function LabelDialog({ document, open, onOpenChange }: LabelDialogProps) {
  const { t } = useI18n();
  const id = useId();
  const queries = useQueryClient();
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => loadMe(signal), staleTime: Infinity });
  const [label, setLabel] = useState(document.label);
  const [failure, setFailure] = useState<Failure | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await updateDocument(document.id, { label: label.trim() || "open" });
    } catch (error) {
      setFailure(toFailure(error));
      return;
    }
    onOpenChange(false);
    setFailure(null);
    showToast(t("documents.labelSaved"));
    for (const name of ["documents", "labels", "me"]) await queries.invalidateQueries({ queryKey: [name] });
  };
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("documents.labelTitle")} description={t("documents.labelText")}>
      <form onSubmit={submit}>
        <label htmlFor={id} className="text-sm font-medium">
          {t("documents.label")}
        </label>
        <input
          id={id}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
          maxLength={500}
          autoComplete="off"
          className="mt-1.5 h-11 w-full rounded-lg border border-line-strong bg-paper px-3"
        />
        <div className="mt-2 flex flex-wrap gap-1.5">
          {me.data?.can_label.slice(0, 8).map((name) => (
            <button key={name} type="button" aria-pressed={label === name} onClick={() => setLabel(name)} className="rounded-md py-1.5">
              <LabelBadge label={name} />
            </button>
          ))}
        </div>
        {failure ? (
          <div className="mt-3">
            <FailureNote failure={failure} />
          </div>
        ) : null}
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
