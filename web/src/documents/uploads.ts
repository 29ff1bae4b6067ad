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
  /** Passages found in it, once known. */
  passages: number;
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
      unchanged: false, passages: 0,
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
  if (job.status === "done") {
    change.unchanged = added === 0 && unchanged > 0;
    change.passages = Number(result["chunks"] ?? 0);
  }
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
    markSeen(upload.jobId);
    patch(id, { phase: "waiting", sent: 0, jobId: null, error: null, failures: [], progress: {} });
    pump();
    return;
  }
  if (!upload.jobId) return;
  const { id: jobId } = await api.retryJob(upload.jobId);
  patch(id, { phase: "queued", error: null, failures: [], jobId });
  void watch();
}

const DISMISSED_KEY = "ondol.dismissed";
const DISMISSED_KEPT = 200;

function readDismissed(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(DISMISSED_KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

/** Remember that this job's outcome has been seen, so that it is not told again after a reload. */
function markSeen(jobId: string | null): void {
  if (!jobId) return;
  try {
    localStorage.setItem(DISMISSED_KEY, JSON.stringify([...readDismissed(), jobId].slice(-DISMISSED_KEPT)));
  } catch {
    // Storage is closed: the outcome is told again, which does no harm.
  }
}

export function dismiss(id: string): void {
  markSeen(uploads.find((upload) => upload.id === id)?.jobId ?? null);
  files.delete(id);
  uploads = uploads.filter((upload) => upload.id !== id);
  tell();
}

export function dismissFinished(): void {
  for (const upload of uploads.filter((u) => u.phase === "done" || u.phase === "cancelled")) dismiss(upload.id);
}

const RECENT_MS = 24 * 3600 * 1000;

/** Jobs worth showing after a reload: those still open, and recent failures not yet seen nor mended since. */
export function pickJobs(jobs: readonly Job[], seen: ReadonlySet<string>, now: number): Job[] {
  const mended = new Set<string>();
  const picked: Job[] = [];
  for (const job of jobs) {
    // Newest first: a later success under the same name makes an earlier failure old news.
    if (job.status === "queued" || job.status === "running") picked.push(job);
    else if (job.status === "done") mended.add(job.name);
    const isRecent = now - new Date(job.updated_at).getTime() < RECENT_MS;
    if (job.status === "failed" && isRecent && !seen.has(job.id) && !mended.has(job.name)) picked.push(job);
  }
  return picked;
}

/** Take over what the server is still working on, and what failed there since this page was closed. */
export async function resumeJobs(): Promise<void> {
  const { jobs } = await api.listJobs();
  const known = new Set(uploads.map((upload) => upload.jobId));
  for (const job of pickJobs(jobs, new Set(readDismissed()), Date.now()).filter((other) => !known.has(other.id))) {
    count += 1;
    const upload: Upload = {
      id: `upload-${count}`, name: job.name, sizeBytes: 0, phase: job.status, sent: 1, jobId: job.id, progress: job.progress,
      error: job.error ?? null, failures: [], unchanged: false, passages: 0,
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
