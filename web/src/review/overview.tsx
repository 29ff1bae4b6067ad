import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { loadReviewOverview } from "@/api/client";
import type { ReviewOverview } from "@/api/types";
import { type Key, useI18n } from "@/i18n";
import { Link } from "@/shell/link";
import { cx } from "@/text/cx";
import { Bar } from "@/ui/bar";
import { readAlpha } from "./agreement";

/** How far the reviewers are, how far they agree, and what they found. */
export function OverviewPage({ dataset }: { dataset: string }) {
  const overview = useQuery({
    queryKey: ["review", dataset],
    queryFn: ({ signal }) => loadReviewOverview(dataset, signal),
    refetchOnMount: "always",
  });
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-4 sm:px-8">
      <div className="mx-auto w-full max-w-[64rem] pt-6 pb-16 sm:pt-9">
        {overview.data ? <Figures dataset={dataset} overview={overview.data} /> : null}
      </div>
    </div>
  );
}

function Panel({ title, children, wide = false }: { title: string; children: ReactNode; wide?: boolean }) {
  return (
    <section aria-label={title} className={cx("min-w-0", wide && "md:col-span-2")}>
      <h2 className="text-xs font-semibold text-ink-3">{title}</h2>
      <div className="mt-2">{children}</div>
    </section>
  );
}

function useShare(): (share: number) => string {
  const { language } = useI18n();
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  return (share) => percent.format(share);
}

function Figures({ dataset, overview }: { dataset: string; overview: ReviewOverview }) {
  const { t, language } = useI18n();
  const { statistics, judge } = overview;
  const number = new Intl.NumberFormat(language);
  const start = (
    <Link
      to={{ page: "review", dataset, tab: "items" }}
      className="inline-flex min-h-10 items-center justify-center rounded-lg bg-ember px-4 text-[0.9375rem] font-medium text-on-ember hover:bg-ember-strong pointer-coarse:min-h-11"
    >
      {t("overview.start")}
    </Link>
  );
  if (!statistics.reviewers.length) {
    return (
      <div className="rounded-2xl border-2 border-dashed border-line-strong px-6 py-14 text-center">
        <h2 className="text-xl font-semibold">{t(statistics.examples ? "overview.none" : "review.none")}</h2>
        {statistics.examples ? (
          <>
            <p className="mx-auto mt-1 mb-4 max-w-lg text-sm text-ink-2">{t("overview.noneText")}</p>
            {start}
          </>
        ) : null}
      </div>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-x-12 gap-y-9 md:grid-cols-2">
      <Panel title={t("overview.reviewed")}>
        <p className="text-3xl font-semibold tracking-tight tabular-nums">
          {number.format(statistics.reviewed)}
          {" "}
          <span className="ml-1 text-base font-normal tracking-normal text-ink-2">
            {t("overview.of", { n: statistics.examples })}
          </span>
        </p>
        <Bar share={statistics.examples ? statistics.reviewed / statistics.examples : 0} className="mt-3" />
      </Panel>
      <Agreement statistics={statistics} />
      <Verdicts statistics={statistics} />
      <Reasons reasons={statistics.reasons} />
      <Kinds kinds={statistics.by_kind} />
      {judge ? <JudgePanel judge={judge} /> : null}
      <Reviewers reviewers={statistics.reviewers} />
      <Panel title={t("overview.next")} wide>
        <p className="text-sm text-ink-2">{t("overview.nextText")}</p>
        <pre
          tabIndex={0}
          className="mt-2 w-fit max-w-full overflow-x-auto rounded-xl bg-sunken px-4 py-3 font-mono text-sm ring-1 ring-line ring-inset"
        >
          {`ondol forge apply-reviews ${dataset}`}
        </pre>
      </Panel>
    </div>
  );
}

type Statistics = ReviewOverview["statistics"];

function Agreement({ statistics }: { statistics: Statistics }) {
  const { t, count, language } = useI18n();
  const alpha = statistics.alpha ?? null;
  const reading = readAlpha(alpha);
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return (
    <Panel title={t("overview.agreement")}>
      <p className="text-3xl font-semibold tracking-tight tabular-nums">
        {alpha === null ? (
          <span className="text-xl tracking-normal text-ink-2">{t("overview.agreeUnknown")}</span>
        ) : (
          number.format(alpha)
        )}
      </p>
      <p className="mt-1 text-sm">{t(reading)}</p>
      <p className="mt-1 text-xs text-ink-3">
        {alpha === null ? "" : `${t("overview.alpha")} `}
        {count("overview.overlap", statistics.overlap)}
      </p>
    </Panel>
  );
}

const VERDICTS = [
  ["accept", "overview.accepted", "good"],
  ["fix", "overview.fixed", "warn"],
  ["reject", "overview.rejected", "bad"],
] as const;

interface LineProps {
  name: string;
  figure: string;
  share: number;
  tone?: "ember" | "good" | "bad" | "warn";
}

function Line({ name, figure, share, tone = "ember" }: LineProps) {
  return (
    <li className="py-1.5">
      <div className="flex items-baseline justify-between gap-4 text-sm">
        <span>{name}</span>
        <span className="text-ink-2 tabular-nums">{figure}</span>
      </div>
      <Bar share={share} tone={tone} className="mt-1" />
    </li>
  );
}

function Verdicts({ statistics }: { statistics: Statistics }) {
  const { t, language } = useI18n();
  const percent = useShare();
  const number = new Intl.NumberFormat(language);
  const total = Object.values(statistics.verdicts).reduce((sum, each) => sum + each, 0);
  return (
    <Panel title={t("overview.verdicts")}>
      <ul>
        {VERDICTS.map(([verdict, name, tone]) => {
          const found = statistics.verdicts[verdict] ?? 0;
          const share = total ? found / total : 0;
          return <Line key={verdict} name={t(name)} figure={`${number.format(found)} (${percent(share)})`} share={share} tone={tone} />;
        })}
      </ul>
    </Panel>
  );
}

function Reasons({ reasons }: { reasons: Record<string, number> }) {
  const { t, language } = useI18n();
  const number = new Intl.NumberFormat(language);
  const sorted = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  const total = sorted.reduce((sum, [, found]) => sum + found, 0);
  return (
    <Panel title={t("overview.reasons")}>
      {sorted.length ? (
        <ul>
          {sorted.map(([reason, found]) => (
            <Line key={reason} name={t(`review.reason.${reason}` as Key)} figure={number.format(found)} share={found / total} />
          ))}
        </ul>
      ) : (
        <p className="text-sm text-ink-2">{t("overview.noReasons")}</p>
      )}
    </Panel>
  );
}

function Kinds({ kinds }: { kinds: Statistics["by_kind"] }) {
  const { t } = useI18n();
  const percent = useShare();
  const sorted = Object.entries(kinds).sort((a, b) => b[1][0] - a[1][0]);
  return (
    <Panel title={t("overview.kinds")}>
      <ul>
        {sorted.map(([kind, [found, accepted]]) => (
          <Line
            key={kind}
            name={t(`review.kind.${kind}` as Key)}
            figure={t("overview.kindAccepted", { n: found, share: percent(accepted) })}
            share={accepted}
            tone="good"
          />
        ))}
      </ul>
    </Panel>
  );
}

function JudgePanel({ judge }: { judge: NonNullable<ReviewOverview["judge"]> }) {
  const { t, count } = useI18n();
  const percent = useShare();
  const rows = [
    ["overview.judgeBefore", judge.before],
    ["overview.judgeNow", judge.precision],
    ["overview.judgeRecall", judge.recall],
  ] as const;
  return (
    <Panel title={t("overview.judge")}>
      <p className="text-sm">
        <span className="font-mono text-[0.8125rem]">{judge.model}</span>
      </p>
      <dl className="mt-1 text-sm">
        {rows.map(([name, share]) => (
          <div key={name} className="flex justify-between gap-4 py-0.5">
            <dt className="text-ink-2">{t(name)}</dt>
            <dd className="tabular-nums">{percent(share)}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-1 text-sm">{t(judge.usable ? "overview.judgeUsable" : "overview.judgeUnusable")}</p>
      <p className="text-xs text-ink-3">{count("overview.judgeText", judge.verdicts)}</p>
    </Panel>
  );
}

function Reviewers({ reviewers }: { reviewers: Statistics["reviewers"] }) {
  const { t, language } = useI18n();
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const columns = ["overview.items", "overview.accepted", "overview.fixed", "overview.rejected", "overview.rate"] as const;
  return (
    <Panel title={t("overview.reviewers")} wide>
      <div tabIndex={0} role="group" aria-label={t("overview.reviewers")} className="overflow-x-auto">
        <table className="w-full min-w-96 text-sm">
          <thead>
            <tr className="border-b border-line-strong text-xs text-ink-2">
              <th scope="col" className="py-1.5 pr-3 text-left font-medium">
                {t("overview.reviewer")}
              </th>
              {columns.map((name) => (
                <th key={name} scope="col" className="py-1.5 pl-3 text-right font-medium">
                  {t(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="tabular-nums">
            {reviewers.map(({ reviewer, reviews, accepted, fixed, rejected, per_hour }) => (
              <tr key={reviewer} className="border-b border-line">
                <th scope="row" className="py-1.5 pr-3 text-left font-medium">
                  {reviewer}
                </th>
                {[reviews, accepted, fixed, rejected].map((found, index) => (
                  <td key={index} className="py-1.5 pl-3 text-right">
                    {number.format(found)}
                  </td>
                ))}
                <td className="py-1.5 pl-3 text-right">{per_hour ? number.format(per_hour) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
