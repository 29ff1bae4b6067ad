import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, Keyboard } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { ApiError, loadReviewOverview, toFailure } from "@/api/client";
import { useI18n } from "@/i18n";
import { Link } from "@/shell/link";
import { closeSource } from "@/sources/store";
import { cx } from "@/text/cx";
import { Bar } from "@/ui/bar";
import { Button, IconButton } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { Desk } from "./desk";
import { KeysDialog } from "./keys-dialog";
import { OverviewPage } from "./overview";
import { openSession, type ReviewSession, type SessionState } from "./session";
import { Unsent } from "./unsent";

interface ReviewPageProps {
  dataset: string;
  tab: "items" | "overview";
}

/** The time counts while the example is in view. */
function useWatch(session: ReviewSession, isWorking: boolean): void {
  useEffect(() => {
    if (!isWorking) return undefined;
    const follow = () => (document.visibilityState === "visible" ? session.open() : session.pause());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      session.pause();
    };
  }, [session, isWorking]);
}

/** A dataset before its reviewers: one example after the other, or how far everybody is. */
export function ReviewPage({ dataset, tab }: ReviewPageProps) {
  const { t } = useI18n();
  const [session] = useState(() => openSession(dataset));
  const state = useSyncExternalStore(session.subscribe, session.read);
  const [areKeysShown, setKeysShown] = useState(false);
  const overview = useQuery({
    queryKey: ["review", dataset],
    queryFn: ({ signal }) => loadReviewOverview(dataset, signal),
    refetchOnMount: "always",
  });
  useWatch(session, tab === "items");
  useEffect(() => () => closeSource({ refocus: false }), []);
  const isMissing = overview.error instanceof ApiError && overview.error.status === 404;
  return (
    <>
      <Head dataset={dataset} tab={tab} state={state} total={overview.data?.statistics.examples ?? null} onKeys={() => setKeysShown(true)} />
      <Unsent parcels={state.unsent} onRetry={() => void session.retry()} onDiscard={(example) => session.discard(example)} />
      {overview.isError && (isMissing || !overview.data) ? (
        <div className="p-4 sm:p-8">
          <FailureNote failure={toFailure(overview.error)}>
            <Button size="small" onClick={() => void overview.refetch()}>
              {t("app.retry")}
            </Button>
          </FailureNote>
        </div>
      ) : tab === "overview" ? (
        <OverviewPage dataset={dataset} />
      ) : (
        <Desk
          session={session}
          state={state}
          dataset={dataset}
          isEmpty={overview.data?.statistics.examples === 0}
          reasons={overview.data?.reasons ?? []}
          onKeys={() => setKeysShown(true)}
        />
      )}
      <KeysDialog open={areKeysShown} onOpenChange={setKeysShown} />
    </>
  );
}

interface HeadProps extends ReviewPageProps {
  state: SessionState;
  total: number | null;
  onKeys: () => void;
}

function Head({ dataset, tab, state, total, onKeys }: HeadProps) {
  const { t } = useI18n();
  const done = total === null || state.left === null ? null : Math.max(0, total - state.left);
  return (
    <header className="no-print border-b border-line bg-paper">
      <div className="flex items-center gap-x-3 px-2 py-1.5 sm:px-4">
        <Link
          to={{ page: "datasets" }}
          aria-label={t("review.back")}
          title={t("review.back")}
          className="grid size-10 shrink-0 place-items-center rounded-lg text-ink-2 hover:bg-sunken hover:text-ink"
        >
          <ArrowLeft size={19} aria-hidden />
        </Link>
        <h1 className="min-w-0 truncate font-semibold" title={dataset}>
          {dataset}
        </h1>
        <nav aria-label={dataset} className="flex gap-1 sm:ml-2">
          {(["items", "overview"] as const).map((name) => (
            <Link
              key={name}
              to={{ page: "review", dataset, tab: name }}
              aria-current={tab === name ? "page" : undefined}
              className={cx(
                "flex min-h-9 items-center rounded-lg px-2.5 text-sm whitespace-nowrap pointer-coarse:min-h-11",
                tab === name ? "bg-sunken font-medium text-ink" : "text-ink-2 hover:bg-sunken hover:text-ink",
              )}
            >
              {t(name === "items" ? "review.items" : "review.overview")}
            </Link>
          ))}
        </nav>
        <span className="flex-1" />
        {tab === "items" ? (
          <>
            <p data-progress className="hidden text-right text-sm text-ink-2 tabular-nums sm:block">
              {done === null ? "" : t("review.progress", { done, left: state.left ?? 0 })}
              {state.perHour === null ? "" : ` · ${t("review.perHour", { n: Math.round(state.perHour) })}`}
            </p>
            <IconButton label={t("review.keys")} onClick={onKeys} className="pointer-coarse:hidden">
              <Keyboard size={19} aria-hidden />
            </IconButton>
          </>
        ) : null}
      </div>
      {tab === "items" ? (
        <>
          {done === null ? null : (
            <p className="px-4 pb-1 text-xs text-ink-2 tabular-nums sm:hidden">
              {t("review.progress", { done, left: state.left ?? 0 })}
              {state.perHour === null ? "" : ` · ${t("review.perHour", { n: Math.round(state.perHour) })}`}
            </p>
          )}
          <Bar share={total && done !== null ? done / total : 0} className="h-[3px] rounded-none" />
        </>
      ) : null}
    </header>
  );
}
