import { useQuery } from "@tanstack/react-query";
import { ListChecks } from "lucide-react";
import { listDatasets, toFailure } from "@/api/client";
import type { DatasetSummary } from "@/api/types";
import { LabelBadge } from "@/documents/label-badge";
import { type Key, useI18n } from "@/i18n";
import { Link } from "@/shell/link";
import { Bar } from "@/ui/bar";
import { Button } from "@/ui/button";
import { FailureNote } from "@/ui/failure";

const SPLITS = ["train", "validation", "test", "recall"] as const;

export function DatasetsPage() {
  const { t } = useI18n();
  const list = useQuery({
    queryKey: ["datasets"],
    queryFn: ({ signal }) => listDatasets(signal),
    refetchOnMount: "always",
  });
  const datasets = list.data?.datasets ?? [];
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-4 sm:px-8">
      <div className="mx-auto w-full max-w-[64rem] pt-6 pb-16 sm:pt-9">
        <h1 className="text-3xl font-semibold tracking-tight">{t("datasets.title")}</h1>
        <p className="mt-0.5 text-sm text-ink-2">{t("datasets.text")}</p>
        {list.isError ? (
          <div className="mt-6">
            <FailureNote failure={toFailure(list.error)}>
              <Button size="small" onClick={() => void list.refetch()}>
                {t("app.retry")}
              </Button>
            </FailureNote>
          </div>
        ) : null}
        {datasets.length ? (
          <ul className="mt-6 divide-y divide-line border-y border-line">
            {datasets.map((dataset) => (
              <DatasetRow key={dataset.name} dataset={dataset} />
            ))}
          </ul>
        ) : null}
        {list.isSuccess && !datasets.length ? <NoDatasets /> : null}
      </div>
    </div>
  );
}

function DatasetRow({ dataset }: { dataset: DatasetSummary }) {
  const { t, count, date, language } = useI18n();
  const { name, examples, reviewed } = dataset;
  const number = new Intl.NumberFormat(language);
  const total = Object.values(examples).reduce((sum, each) => sum + each, 0);
  const splits = SPLITS.filter((split) => examples[split]).map(
    (split) => `${t(`review.split.${split}` as Key)} ${number.format(examples[split] ?? 0)}`,
  );
  const licences = dataset.licences.map((licence) => (licence === "unknown" ? t("datasets.licenceUnknown") : licence));
  const facts = [
    t("datasets.made", { date: date(dataset.created_at) }),
    licences.length ? t("datasets.licences", { names: licences.join(", ") }) : "",
  ].filter(Boolean);
  return (
    <li data-dataset={name} className="flex flex-wrap items-center gap-x-6 gap-y-3 py-4">
      <div className="min-w-60 flex-1">
        <h2 className="flex min-w-0 items-center gap-2">
          <Link
            to={{ page: "review", dataset: name, tab: "overview" }}
            aria-label={t("datasets.overviewOf", { name })}
            className="truncate text-lg font-semibold hover:text-ember-strong"
          >
            {name}
          </Link>
          <LabelBadge label={dataset.label} />
        </h2>
        <p className="mt-0.5 text-sm text-ink-2">
          {count("datasets.examples", total)}
          {splits.length ? <span className="text-ink-3">{` (${splits.join(", ")})`}</span> : null}
        </p>
        <p className="text-xs text-ink-3">{facts.join(" · ")}</p>
      </div>
      <div className="min-w-40 flex-1 sm:max-w-56">
        <p className="text-sm text-ink-2 tabular-nums">{t("datasets.reviewed", { done: reviewed, total })}</p>
        <Bar share={total ? reviewed / total : 0} className="mt-1.5" />
      </div>
      <Link
        to={{ page: "review", dataset: name, tab: "items" }}
        aria-label={t("datasets.reviewOf", { name })}
        className="inline-flex min-h-10 items-center justify-center gap-2 rounded-lg bg-ember px-4 text-[0.9375rem] font-medium text-on-ember hover:bg-ember-strong pointer-coarse:min-h-11"
      >
        <ListChecks size={17} aria-hidden />
        {t("datasets.review")}
      </Link>
    </li>
  );
}

function NoDatasets() {
  const { t } = useI18n();
  return (
    <div className="mt-6 rounded-2xl border-2 border-dashed border-line-strong px-6 py-12 text-center">
      <ListChecks size={28} aria-hidden className="mx-auto text-ember" />
      <h2 className="mt-3 text-xl font-semibold">{t("datasets.empty")}</h2>
      <p className="mx-auto mt-1 max-w-lg text-sm text-ink-2">{t("datasets.emptyText")}</p>
      <pre
        tabIndex={0}
        className="mx-auto mt-4 w-fit max-w-full overflow-x-auto rounded-xl bg-sunken px-4 py-3 text-left font-mono text-sm ring-1 ring-line ring-inset"
      >
        {"ondol forge init\nondol forge run recipe.yaml"}
      </pre>
      <p className="mt-3 text-sm text-ink-3">{t("datasets.emptyNext")}</p>
    </div>
  );
}
