import { describe, expect, it } from "vitest";
import type { Job, JobStatus } from "@/api/types";
import { pickJobs } from "./uploads";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const job = (id: string, name: string, status: JobStatus, updated_at = "2026-03-01T11:00:00Z"): Job => ({
  id, name, status, kind: "ingest", progress: {}, created_at: updated_at, updated_at,
});

describe("after a reload", () => {
  it("shows open jobs and fresh failures that nobody has seen or mended", () => {
    const jobs = [
      job("a", "running.pdf", "running"),
      job("b", "mended.pdf", "done"),
      job("c", "mended.pdf", "failed"),
      job("d", "broken.pdf", "failed"),
      job("e", "seen.pdf", "failed"),
      job("f", "old.pdf", "failed", "2026-02-20T11:00:00Z"),
      job("g", "fine.pdf", "done"),
    ];
    expect(pickJobs(jobs, new Set(["e"]), NOW).map((picked) => picked.id)).toEqual(["a", "d"]);
  });
});
