import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Download, Ellipsis, FileStack, ListChecks, PencilLine, Settings as SettingsIcon, SquarePen, Trash2 } from "lucide-react";
import { type ComponentProps, type FormEvent, useState } from "react";
import { deleteConversation, listConversations, loadConversation, renameConversation, toFailure } from "@/api/client";
import type { ConversationSummary } from "@/api/types";
import { chat } from "@/chat/store";
import { useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { formatConversation, saveFile, toFileName } from "@/text/export";
import { Button, IconButton } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { Menu, MenuItem } from "@/ui/menu";
import { showToast } from "@/ui/toast";
import { Link } from "./link";
import { Logo } from "./logo";
import { goTo, type Route, useRoute } from "./route";
import { SettingsDialog } from "./settings";

interface RailLinkProps extends ComponentProps<typeof Link> {
  active: boolean;
}

function RailLink({ active, className, ...rest }: RailLinkProps) {
  return (
    <Link
      aria-current={active ? "page" : undefined}
      className={cx(
        "flex min-h-9 min-w-0 items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm pointer-coarse:min-h-11",
        active
          ? "relative bg-raised font-medium text-ink before:absolute before:inset-y-2.5 before:left-0 before:w-[3px] before:rounded-full before:bg-ember"
          : "text-ink-2 hover:bg-raised/70 hover:text-ink",
        className,
      )}
      {...rest}
    />
  );
}

/** The left rail: new question, documents, past conversations, settings. */
export function Rail({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useI18n();
  const route = useRoute();
  const [isSettingsOpen, setSettingsOpen] = useState(false);
  return (
    <nav aria-label={t("nav.label")} className="flex h-full flex-col gap-1 p-3">
      <div className="flex items-center gap-2.5 px-2 py-2 text-xl font-semibold">
        <Logo />
        {t("app.name")}
      </div>
      <Button
        className="mt-1 justify-start border-line-strong px-3"
        onClick={() => {
          chat.startNew();
          goTo({ page: "chat", conversation: null });
          onNavigate?.();
        }}
      >
        <SquarePen size={17} aria-hidden className="text-ember" />
        {t("nav.newChat")}
      </Button>
      <RailLink to={{ page: "documents" }} active={route.page === "documents"} onNavigate={onNavigate} className="mt-1">
        <FileStack size={17} aria-hidden />
        {t("nav.documents")}
      </RailLink>
      <RailLink to={{ page: "datasets" }} active={route.page === "datasets" || route.page === "review"} onNavigate={onNavigate}>
        <ListChecks size={17} aria-hidden />
        {t("nav.datasets")}
      </RailLink>
      <Conversations route={route} onNavigate={onNavigate} />
      <button
        type="button"
        onClick={() => setSettingsOpen(true)}
        className="flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm text-ink-2 hover:bg-raised/70 hover:text-ink pointer-coarse:min-h-11"
      >
        <SettingsIcon size={17} aria-hidden />
        {t("nav.settings")}
      </button>
      <SettingsDialog open={isSettingsOpen} onOpenChange={setSettingsOpen} />
    </nav>
  );
}

function Conversations({ route, onNavigate }: { route: Route; onNavigate: (() => void) | undefined }) {
  const { t } = useI18n();
  const [renaming, setRenaming] = useState<ConversationSummary | null>(null);
  const [deleting, setDeleting] = useState<ConversationSummary | null>(null);
  const queries = useQueryClient();
  const list = useInfiniteQuery({
    queryKey: ["conversations"],
    queryFn: ({ pageParam, signal }) => listConversations(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
  const conversations = list.data?.pages.flatMap((page) => page.conversations) ?? [];
  const current = route.page === "chat" ? route.conversation : null;

  const exportOne = async (conversation: ConversationSummary) => {
    try {
      const whole = await loadConversation(conversation.id);
      const title = whole.title || t("nav.untitled");
      const text = formatConversation(title, whole.messages.map((message) => message.answer), t);
      saveFile(toFileName(title, "md"), "text/markdown", text);
    } catch (error) {
      showToast(toFailure(error).message, "bad");
    }
  };
  const remove = async (conversation: ConversationSummary) => {
    try {
      await deleteConversation(conversation.id);
      if (current === conversation.id) goTo({ page: "chat", conversation: null });
      chat.forget(conversation.id);
    } catch (error) {
      showToast(toFailure(error).message, "bad");
    }
    await queries.invalidateQueries({ queryKey: ["conversations"] });
  };

  return (
    <section aria-labelledby="conversations" className="mt-3 flex min-h-0 flex-1 flex-col">
      <h2 id="conversations" className="px-2.5 pb-1 text-xs font-semibold text-ink-3">
        {t("nav.conversations")}
      </h2>
      <ul className="-mx-1 min-h-0 flex-1 overflow-y-auto px-1">
        {conversations.map((conversation) => {
          const title = conversation.title || t("nav.untitled");
          return (
            <li key={conversation.id} className="group relative">
              <RailLink
                to={{ page: "chat", conversation: conversation.id }}
                active={current === conversation.id}
                onNavigate={onNavigate}
                className="pr-9"
              >
                <span className="truncate">{title}</span>
              </RailLink>
              <Menu
                trigger={
                  <IconButton
                    label={t("nav.conversationMenu", { title })}
                    compact
                    className="absolute top-0.5 right-0.5 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100"
                  >
                    <Ellipsis size={16} aria-hidden />
                  </IconButton>
                }
              >
                <MenuItem onSelect={() => setRenaming(conversation)}>
                  <PencilLine size={15} aria-hidden />
                  {t("app.rename")}
                </MenuItem>
                <MenuItem onSelect={() => void exportOne(conversation)}>
                  <Download size={15} aria-hidden />
                  {t("nav.exportConversation")}
                </MenuItem>
                <MenuItem danger onSelect={() => setDeleting(conversation)}>
                  <Trash2 size={15} aria-hidden />
                  {t("app.delete")}
                </MenuItem>
              </Menu>
            </li>
          );
        })}
        {list.isSuccess && conversations.length === 0 ? (
          <li className="px-2.5 py-1 text-sm text-ink-3">{t("nav.noConversations")}</li>
        ) : null}
        {list.hasNextPage ? (
          <li>
            <Button kind="quiet" size="small" onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
              {t("app.loadMore")}
            </Button>
          </li>
        ) : null}
      </ul>
      <RenameDialog conversation={renaming} onClose={() => setRenaming(null)} />
      <Confirm
        open={deleting !== null}
        onOpenChange={() => setDeleting(null)}
        title={t("nav.deleteTitle")}
        description={t("nav.deleteText", { title: deleting?.title || t("nav.untitled") })}
        action={t("app.delete")}
        onConfirm={() => deleting && void remove(deleting)}
      />
    </section>
  );
}

function RenameDialog({ conversation, onClose }: { conversation: ConversationSummary | null; onClose: () => void }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get("title") ?? "").trim();
    if (!conversation || !title) return;
    onClose();
    try {
      await renameConversation(conversation.id, title);
    } catch (error) {
      showToast(toFailure(error).message, "bad");
    }
    await queries.invalidateQueries({ queryKey: ["conversations"] });
  };
  return (
    <Dialog open={conversation !== null} onOpenChange={onClose} title={t("nav.renameTitle")}>
      <form onSubmit={submit}>
        <label htmlFor="title" className="text-sm font-medium">
          {t("nav.renameLabel")}
        </label>
        <input
          id="title"
          name="title"
          required
          maxLength={300}
          defaultValue={conversation?.title}
          className="mt-1.5 h-11 w-full rounded-lg border border-line-strong bg-paper px-3"
        />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button type="submit" kind="solid">
            {t("app.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
