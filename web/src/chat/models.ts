import { useQuery } from "@tanstack/react-query";
import { listModels } from "@/api/client";
import type { ModelRecord } from "@/api/types";
import { EXTRACTIVE, usePreferences } from "./preferences";

const isServer = (model: ModelRecord) => /^https?:/.test(model.source);

/** Chat models that can answer now, the one in use, whether it can think first; or which one could be installed. */
export function useModels() {
  const { model } = usePreferences();
  const list = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => listModels(signal), staleTime: 60_000 });
  const known = (list.data?.models ?? []).filter((record) => record.capabilities.includes("chat"));
  const models = known.filter((record) => record.installed || isServer(record));
  const standard = models.find((record) => record.default_for.includes("chat")) ?? models[0];
  const chosen = model === EXTRACTIVE ? undefined : (models.find((record) => record.name === model) ?? standard);
  const missing = models.length ? undefined : (known.find((record) => record.default_for.includes("chat")) ?? known[0]);
  return { models, standard, missing, chosen, canThink: chosen?.capabilities.includes("reasoning") ?? false };
}
