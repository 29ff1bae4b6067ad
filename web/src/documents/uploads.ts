/** Files on their way into the corpus: sent, queued, read, done or failed. They go on while other pages are shown. */

import { useSyncExternalStore } from "react";
import * as api from "@/api/client";
import type { Failure, IngestFailure, Job } from "@/api/types";

export type Phase = "waiting" | "sending" | "queued" | "running" | "done" | "failed" | "cancelled";

export interface Upload {
  id: string;
  name: string;
  sizeBytes: number;
  phase: Phase;
  /** Share sent, 0 to 1. */
  sent: number;
  jobId: string | null;
  progress: Record<string, unknown>;
  error: Failure | null;
  /** Parts of the file (of a ZIP, say) that could not be read although the rest could. */
  failures: IngestFailure[];
  unchanged: boolean;
}

const SENT_AT_ONCE = 2;
const FINISHED: ReadonlySet<Phase> = new Set(["done", "failed", "cancelled"]);

export const isFinished = (upload: Upload) => FINISHED.has(upload.phase);

export interface PickedFile {
  file: File;
  /** Path below the dropped folder, or the file's own name. */
  name: string;
}

let uploads: readonly Upload[] = [];
const files = new Map<string, PickedFile>();
const aborts = new Map<string, AbortController>();
const listeners = new Set<() => void>();
let count = 0;

/** Called when documents may have changed. */
export const events = { onSettled: (_upload: Upload): void => undefined };

function tell(): void {
  for (const listener of listeners) listener();
}

function patch(id: string, change: Partial<Upload>): void {
  const before = uploads.find((upload) => upload.id === id);
  if (!before) return;
  const after = { ...before, ...change };
  uploads = uploads.map((upload) => (upload.id === id ? after : upload));
  tell();
  if (isFinished(after) && !isFinished(before)) events.onSettled(after);
}

export function addFiles(picked: readonly PickedFile[]): void {
  const fresh = picked.map(({ file, name }): Upload => {
    count += 1;
    const id = `upload-${count}`;
    files.set(id, { file, name });
    return {
      id, name, sizeBytes: file.size, phase: "waiting", sent: 0, jobId: null, progress: {}, error: null, failures: [],
      unchanged: false,
    };
  });
  uploads = [...uploads, ...fresh];
  tell();
  pump();
}

function pump(): void {
  const sending = uploads.filter((upload) => upload.phase === "sending").length;
  for (const upload of uploads.filter((u) => u.phase === "waiting").slice(0, SENT_AT_ONCE - sending)) {
    patch(upload.id, { phase: "sending", sent: 0 });
    void sendFile(upload.id);
  }
}

async function sendFile(id: string): Promise<void> {
  const picked = files.get(id);
  if (!picked) return;
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    const { jobs, refused } = await api.uploadFile(picked.file, picked.name, (sent) => patch(id, { sent }), abort.signal);
    const job = jobs[0];
    const refusal = refused?.[0];
    if (job) {
      patch(id, { jobId: job.id, sent: 1 });
      apply(id, job);
      void watch();
    } else patch(id, { phase: "failed", error: refusal?.error ?? { code: "wrong_use", message: "The file was refused." } });
  } catch (error) {
    if (abort.signal.aborted) patch(id, { phase: "cancelled" });
    else patch(id, { phase: "failed", error: api.toFailure(error) });
  } finally {
    aborts.delete(id);
    pump();
  }
}

function apply(id: string, job: Job): void {
  const result: Record<string, unknown> = job.result ?? {};
  const failures = Array.isArray(result["failures"]) ? (result["failures"] as IngestFailure[]) : [];
  const added = Number(result["added"] ?? 0) + Number(result["changed"] ?? 0);
  const unchanged = Number(result["unchanged"] ?? 0);
  const change: Partial<Upload> = { phase: job.status, progress: job.progress ?? {}, failures };
  if (job.status === "failed") change.error = job.error ?? { code: "ondol_error", message: "" };
  // A job that ran to its end but could read nothing has failed, as far as the person who dropped the file can tell.
  if (job.status === "done" && failures.length && added + unchanged === 0) {
    change.phase = "failed";
    change.error = failures[0] ?? null;
  }
  if (job.status === "done") change.unchanged = added === 0 && unchanged > 0;
  patch(id, change);
}

const POLL_MS = 800;
/** A browser opens few connections to one server, and each stream holds one: only so many jobs are watched live. */
const STREAMS_AT_ONCE = 2;
const streams = new Set<string>();
let isWatching = false;

const openJobs = () => uploads.filter((upload) => upload.jobId !== null && !isFinished(upload));

/** Follow all open jobs: running ones by their events, the rest by one question for all of them. */
async function watch(): Promise<void> {
  if (isWatching) return;
  isWatching = true;
  while (openJobs().length) {
    await poll();
    for (const upload of openJobs()) {
      if (streams.size < STREAMS_AT_ONCE && upload.jobId && !streams.has(upload.jobId)) void stream(upload.id, upload.jobId);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  isWatching = false;
}

async function poll(): Promise<void> {
  const waiting = openJobs().filter((upload) => upload.jobId && !streams.has(upload.jobId));
  if (!waiting.length) return;
  try {
    const jobs = new Map((await api.listJobs()).jobs.map((job) => [job.id, job]));
    for (const upload of waiting) {
      const job = upload.jobId ? jobs.get(upload.jobId) : undefined;
      if (job) apply(upload.id, job);
    }
  } catch {
    // Out of reach for now; asked again at the next round.
  }
}

async function stream(id: string, jobId: string): Promise<void> {
  streams.add(jobId);
  try {
    await api.followJob(jobId, (job) => apply(id, job), new AbortController().signal);
  } catch (error) {
    if (error instanceof api.ApiError && error.status === 404) patch(id, { phase: "failed", error: error.failure });
  } finally {
    streams.delete(jobId);
  }
}

export async function cancel(id: string): Promise<void> {
  const upload = uploads.find((u) => u.id === id);
  if (!upload || isFinished(upload)) return;
  if (!upload.jobId) {
    aborts.get(id)?.abort();
    patch(id, { phase: "cancelled" });
    pump();
    return;
  }
  await api.cancelJob(upload.jobId);
  apply(id, await api.loadJob(upload.jobId));
}

/** Try again: the job where there is one, else the sending. */
export async function retry(id: string): Promise<void> {
  const upload = uploads.find((u) => u.id === id);
  if (!upload || !isFinished(upload)) return;
  if (files.has(id)) {
    patch(id, { phase: "waiting", sent: 0, jobId: null, error: null, failures: [], progress: {} });
    pump();
    return;
  }
  if (!upload.jobId) return;
  const { id: jobId } = await api.retryJob(upload.jobId);
  patch(id, { phase: "queued", error: null, failures: [], jobId });
  void watch();
}

export function dismiss(id: string): void {
  files.delete(id);
  uploads = uploads.filter((upload) => upload.id !== id);
  tell();
}

export function dismissFinished(): void {
  for (const upload of uploads.filter((u) => u.phase === "done" || u.phase === "cancelled")) dismiss(upload.id);
}

/** Take over what the server is still working on, and what failed there since this page was closed. */
export async function resumeJobs(): Promise<void> {
  const { jobs } = await api.listJobs();
  const known = new Set(uploads.map((upload) => upload.jobId));
  const open = jobs.filter((job) => !known.has(job.id) && (job.status === "queued" || job.status === "running"));
  for (const job of open) {
    count += 1;
    const id = `upload-${count}`;
    const upload: Upload = {
      id, name: job.name, sizeBytes: 0, phase: job.status, sent: 1, jobId: job.id, progress: job.progress ?? {},
      error: null, failures: [], unchanged: false,
    };
    uploads = [...uploads, upload];
  }
  tell();
  void watch();
}

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads,
  );
}
