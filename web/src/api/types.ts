/** The wire types, by the names this app uses. `schema.ts` is generated from `openapi.json` (`npm run types`). */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Answer = Schemas["Answer"];
export type Citation = Schemas["Citation"];
export type Hit = Schemas["Hit"];
/** Where in the original; offsets count Unicode code points, not UTF-16 units. */
export type Locator = Schemas["Locator"];
export type DocumentRecord = Schemas["Document"];
export type DocumentKind = Schemas["DocumentKind"];
export type DocumentPage = Schemas["DocumentList"];
export type DocumentText = Schemas["DocumentText"];
export type Filter = Partial<Schemas["Filter"]>;
export type Health = Schemas["Health"];
export type Me = Schemas["Me"];
export type ConversationSummary = Schemas["ConversationSummary"];
export type Conversation = Schemas["ConversationBody"];
export type Feedback = Omit<Schemas["FeedbackRequest"], "message_id">;
export type JobStatus = Schemas["JobBody"]["status"];
export type Job = Schemas["JobBody"];
export type JobList = Schemas["JobList"];
export type UploadAccepted = Schemas["UploadAccepted"];
export type ModelRecord = Schemas["ModelRecord"];
export type ModelList = Schemas["ModelList"];
export type Box = Schemas["Boxes"]["boxes"][number];
export type Failure = Omit<Schemas["ErrorDetail"], "remedy"> & { remedy?: string };

/** A part of a source that could not be read, as the result of an ingest job lists it. */
export interface IngestFailure extends Failure {
  uri: string;
}

export const DOCUMENT_KINDS: readonly DocumentKind[] = [
  "pdf", "docx", "pptx", "xlsx", "csv", "html", "markdown", "text", "email", "hwpx", "hwp",
];
export type DatasetSummary = Schemas["DatasetSummary"];
export type Example = Schemas["Example"];
export type ReviewItem = Schemas["ReviewItem"];
export type ReviewBody = Schemas["ReviewBody"];
export type ReviewNext = Schemas["ReviewNext"];
export type ReviewOverview = Schemas["ReviewOverview"];
export type SourceText = Schemas["SourceText"];
export type Verdict = ReviewBody["verdict"];
