import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { loadMe, setUnauthenticatedHandler } from "@/api/client";
import { chat } from "@/chat/store";
import { ChatPage } from "@/chat/page";
import { DatasetsPage } from "@/datasets/page";
import { DocumentsPage } from "@/documents/page";
import { DropTarget } from "@/documents/drop-target";
import { events, resumeJobs } from "@/documents/uploads";
import { type Translate, useI18n } from "@/i18n";
import { ReviewPage } from "@/review/page";
import { countUnsent, sendUnsent } from "@/review/session";
import { SourcePanel } from "@/sources/panel";
import { closeSource, useSource } from "@/sources/store";
import { Drawer } from "@/ui/dialog";
import { useBackCloses } from "@/ui/back";
import { MEDIUM, useMedia, WIDE } from "@/ui/media";
import { showToast, Toasts } from "@/ui/toast";
import { LoginPage } from "./login";
import { Rail } from "./rail";
import { addressOf, goTo, type Route, useRoute } from "./route";
import { TopBar } from "./top-bar";

export function App() {
  const [isSignedOut, setSignedOut] = useState(false);
  useEffect(() => setUnauthenticatedHandler(() => setSignedOut(true)), []);
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => loadMe(signal), staleTime: Infinity });
  if (isSignedOut) return <LoginPage onSignedIn={() => void startAfresh(me.data?.name)} />;
  if (me.isPending) return null;
  return <House />;
}

/** A fresh page after signing in: nothing that somebody else had loaded may stay in its memory. */
async function startAfresh(before: string | undefined): Promise<void> {
  if (countUnsent()) {
    const now = await loadMe().catch(() => null);
    if (now && now.name === before) await sendUnsent();
  }
  window.location.reload();
}

function House() {
  const { t, explain } = useI18n();
  const route = useRoute();
  const queries = useQueryClient();
  const isMedium = useMedia(MEDIUM);
  const isWide = useMedia(WIDE);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const source = useSource();
  const main = useRef<HTMLElement>(null);
  // Reviewing takes the whole window; its own head leads back.
  const isWork = route.page === "review";

  useEffect(() => {
    chat.onNamed = (thread) => {
      const shown = window.location.hash;
      if (shown === "" || shown === "#/") goTo({ page: "chat", conversation: thread.conversationId }, { replace: true });
    };
    chat.onKept = () => void queries.invalidateQueries({ queryKey: ["conversations"] });
    events.onSettled = (upload) => {
      for (const name of ["documents", "health", "labels"]) void queries.invalidateQueries({ queryKey: [name] });
      if (upload.phase === "done") showToast(t("upload.live.done", { name: upload.name }));
      if (upload.phase === "failed" && upload.error) {
        showToast(t("upload.live.failed", { name: upload.name, reason: explain(upload.error).message }), "bad");
      }
    };
  }, [queries, t, explain]);
  useEffect(() => {
    resumeJobs().catch(() => undefined);
  }, []);

  useBackCloses(source !== null && !isWide, () => closeSource());
  useBackCloses(isMenuOpen && !isMedium, () => setMenuOpen(false));

  const where = addressOf(route);
  useEffect(() => setMenuOpen(false), [where]);
  useEffect(() => {
    document.title = [titleOfPage(route, t), t("app.name")].filter(Boolean).join(" · ");
  }, [where, t]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) closeSource();
    };
    if (!source || !isWide) return undefined;
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [source, isWide]);

  return (
    <>
      <a
        href="#main"
        className="no-print sr-only z-[70] rounded-lg bg-ember px-4 py-2 text-on-ember focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <div className="flex h-full">
        {isMedium && !isWork ? (
          <div className="no-print w-64 shrink-0 border-r border-line bg-sunken">
            <Rail />
          </div>
        ) : (
          <Drawer open={isMenuOpen && !isMedium} onOpenChange={setMenuOpen} title={t("nav.label")} side="left">
            <Rail onNavigate={() => setMenuOpen(false)} />
          </Drawer>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          {isMedium || isWork ? null : <TopBar onOpenMenu={() => setMenuOpen(true)} />}
          <main ref={main} id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
            <Page route={route} />
          </main>
        </div>
        {isWide && source ? (
          <aside
            aria-label={t("source.panel")}
            className="no-print slide-right flex w-[clamp(24rem,36vw,44rem)] shrink-0 flex-col border-l border-line bg-raised"
          >
            <SourcePanel view={source} />
          </aside>
        ) : null}
      </div>
      {isWide ? null : (
        <Drawer open={source !== null} onOpenChange={() => closeSource()} title={t("source.panel")} side="right">
          {source ? <SourcePanel view={source} /> : null}
        </Drawer>
      )}
      <DropTarget />
      <Toasts />
    </>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "chat":
      return <ChatPage conversationId={route.conversation} />;
    case "documents":
      return <DocumentsPage />;
    case "datasets":
      return <DatasetsPage />;
    case "review":
      return <ReviewPage key={route.dataset} dataset={route.dataset} tab={route.tab} />;
  }
}

function titleOfPage(route: Route, t: Translate): string {
  if (route.page === "documents") return t("documents.title");
  if (route.page === "datasets") return t("datasets.title");
  return route.page === "review" ? route.dataset : "";
}
