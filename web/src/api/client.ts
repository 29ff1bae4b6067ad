/** One function per route of the platform API. Paths are relative, so the app also works under a sub-path of a proxy. */

import { readEvents } from "./sse";
import type {
  Answer, Box, Citation, Conversation, ConversationSummary, DatasetSummary, DocumentPage, DocumentRecord, DocumentText,
  Failure, Feedback, Filter, Health, Hit, Job, JobList, Me, ModelList, ReviewBody, ReviewItem, ReviewNext, ReviewOverview,
  UploadAccepted, Verdict,
} from "./types";

const ROOT = "api/v1";

/** What the server said, or that it could not be reached (`code` is then `unreachable`). */
export class ApiError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly status: number;

  constructor(failure: Failure, status: number) {
    super(failure.message);
    this.name = "ApiError";
    this.code = failure.code;
    this.remedy = failure.remedy ?? "";
    this.status = status;
  }

  get failure(): Failure {
    return { code: this.code, message: this.message, remedy: this.remedy };
  }
}

export function toFailure(error: unknown): Failure {
  if (error instanceof ApiError) return error.failure;
  return { code: "unreachable", message: error instanceof Error ? error.message : String(error) };
}

let onUnauthenticated: () => void = () => undefined;

/** Called whenever the server answers 401. */
export function setUnauthenticatedHandler(handler: () => void): void {
  onUnauthenticated = handler;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Read `{error: {code, message, remedy}}`, or make the best of whatever else came. */
export function readFailure(body: string, status: number): Failure {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isRecord(parsed) && isRecord(parsed["error"])) {
      const { code, message, remedy } = parsed["error"];
      return {
        code: typeof code === "string" ? code : `http_${status}`,
        message: typeof message === "string" ? message : `HTTP ${status}`,
        remedy: typeof remedy === "string" ? remedy : "",
      };
    }
  } catch {
    // Not JSON: a proxy's page, perhaps. Its text is not shown.
  }
  return { code: `http_${status}`, message: `HTTP ${status}` };
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${ROOT}${path}`, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ code: "unreachable", message: "The server cannot be reached." }, 0);
  }
  if (response.ok) return response;
  const error = new ApiError(readFailure(await response.text(), response.status), response.status);
  if (response.status === 401) onUnauthenticated();
  throw error;
}

async function load<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await send(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  return (await response.json()) as T;
}

async function post<T>(path: string, body: unknown, method = "POST"): Promise<T> {
  const response = await send(path, {
    method,
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

function query(values: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

const part = encodeURIComponent;

export const signIn = (key: string) => post<unknown>("/session", { key });
export const signOut = () => send("/session", { method: "DELETE" });
export const loadHealth = (signal?: AbortSignal) => load<Health>("/health", signal);
export const loadMe = (signal?: AbortSignal) => load<Me>("/me", signal);
export const listModels = (signal?: AbortSignal) => load<ModelList>("/models", signal);
export const listLabels = (signal?: AbortSignal) => load<{ labels: string[] }>("/labels", signal);

export interface DocumentQuery {
  limit?: number;
  cursor?: string | null;
  q?: string;
  kind?: string;
  label?: string;
}

export const listDocuments = (wanted: DocumentQuery, signal?: AbortSignal) =>
  load<DocumentPage>(`/documents${query({ ...wanted })}`, signal);
export const loadDocument = (id: string, signal?: AbortSignal) => load<DocumentRecord>(`/documents/${part(id)}`, signal);
export const loadDocumentText = (id: string, signal?: AbortSignal) =>
  load<DocumentText>(`/documents/${part(id)}/text`, signal);
export const updateDocument = (id: string, change: { label?: string; licence?: string; title?: string }) =>
  post<DocumentRecord>(`/documents/${part(id)}`, change, "PATCH");
export const deleteDocument = (id: string) => send(`/documents/${part(id)}`, { method: "DELETE" });
export const originalAddress = (id: string) => `${ROOT}/documents/${part(id)}/original`;
export const pageImageAddress = (id: string, page: number, scale: number) =>
  `${ROOT}/documents/${part(id)}/pages/${page}/image?scale=${scale}`;
export const loadBoxes = (id: string, page: number, start: number, end: number, signal?: AbortSignal) =>
  load<{ boxes: Box[] }>(`/documents/${part(id)}/pages/${page}/boxes?start=${start}&end=${end}`, signal);

export const listConversations = (cursor?: string | null, signal?: AbortSignal) =>
  load<{ conversations: ConversationSummary[]; next_cursor?: string | null }>(
    `/conversations${query({ cursor })}`, signal);
export const loadConversation = (id: string, signal?: AbortSignal) =>
  load<Conversation>(`/conversations/${part(id)}`, signal);
export const renameConversation = (id: string, title: string) =>
  post<unknown>(`/conversations/${part(id)}`, { title }, "PATCH");
export const deleteConversation = (id: string) => send(`/conversations/${part(id)}`, { method: "DELETE" });

export const saveFeedback = (messageId: string, feedback: Feedback) =>
  post<unknown>("/feedback", { message_id: messageId, ...feedback });

export const listDatasets = (signal?: AbortSignal) => load<{ datasets: DatasetSummary[] }>("/datasets", signal);
export const loadReviewOverview = (dataset: string, signal?: AbortSignal) =>
  load<ReviewOverview>(`/datasets/${part(dataset)}/review`, signal);
/** What to review next, of all but the examples named in `skip`: those in hand, and those put aside. */
export const loadNextReview = (dataset: string, skip: readonly string[]) =>
  load<ReviewNext>(`/datasets/${part(dataset)}/review/next${skip.length ? `?skip=${skip.map(part).join("&skip=")}` : ""}`);
export const listMyReviews = (dataset: string) =>
  load<{ reviews: ReviewBody[] }>(`/datasets/${part(dataset)}/review/mine`);
export const loadReviewItem = (dataset: string, example: string) =>
  load<ReviewItem>(`/datasets/${part(dataset)}/review/${part(example)}`);

export interface ReviewRequest {
  verdict: Verdict;
  reason: string;
  note: string;
  answers: string[];
  seconds: number;
}

export const saveReview = (dataset: string, example: string, review: ReviewRequest) =>
  post<ReviewBody>(`/datasets/${part(dataset)}/review/${part(example)}`, review, "PUT");

export const listJobs = (signal?: AbortSignal) => load<JobList>("/jobs?limit=500", signal);
export const loadJob = (id: string, signal?: AbortSignal) => load<Job>(`/jobs/${part(id)}`, signal);
export const cancelJob = (id: string) => post<unknown>(`/jobs/${part(id)}/cancel`, {});
export const retryJob = (id: string) => post<Job>(`/jobs/${part(id)}/retry`, {});

/** Follow a job until it has ended; each of its states is handed over. */
export async function followJob(id: string, onState: (job: Job) => void, signal: AbortSignal): Promise<void> {
  const response = await send(`/jobs/${part(id)}/events`, { headers: { accept: "text/event-stream" }, signal });
  if (!response.body) return;
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "progress" || event === "done") onState(JSON.parse(data) as Job);
    if (event === "done") return;
  }
}

export interface AskRequest {
  question: string;
  model?: string;
  conversation_id?: string;
  filter?: Filter;
  think?: boolean;
}

export type AskEvent =
  | { event: "sources"; hits: Hit[] }
  | { event: "delta"; text: string; citations: Citation[] }
  | { event: "done"; answer: Answer }
  | { event: "error"; error: Failure };

function readAskEvent(event: string, data: string): AskEvent | null {
  const value = JSON.parse(data) as Record<string, unknown>;
  switch (event) {
    case "sources":
      return { event, hits: (value["hits"] as Hit[] | undefined) ?? [] };
    case "delta":
      return { event, text: String(value["text"] ?? ""), citations: (value["citations"] as Citation[] | undefined) ?? [] };
    case "done":
      return { event, answer: value["answer"] as Answer };
    case "error":
      return { event, error: value["error"] as Failure };
    default:
      return null;
  }
}

/** Ask and yield the events of the answer. Aborting the signal stops the server's work too. */
export async function* ask(request: AskRequest, signal: AbortSignal): AsyncGenerator<AskEvent, void, void> {
  const response = await send("/ask", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ ...request, stream: true }),
    signal,
  });
  if (!response.body) throw new ApiError({ code: "engine_protocol", message: "The server sent no answer." }, 200);
  for await (const { event, data } of readEvents(response.body)) {
    const known = readAskEvent(event, data);
    if (known) yield known;
    if (known?.event === "done" || known?.event === "error") return;
  }
}

/** Send one file; `onSent` gets the share sent so far. `fetch` cannot report that, `XMLHttpRequest` can. */
export function uploadFile(
  file: File, name: string, onSent: (share: number) => void, signal: AbortSignal,
): Promise<UploadAccepted> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("files", file, name);
    request.open("POST", `${ROOT}/documents`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onSent(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText) as UploadAccepted);
        return;
      }
      if (request.status === 401) onUnauthenticated();
      reject(new ApiError(readFailure(request.responseText, request.status), request.status));
    };
    request.onerror = () => reject(new ApiError({ code: "unreachable", message: "The server cannot be reached." }, 0));
    request.onabort = () => reject(new DOMException("Aborted", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}
