// A scripted stand-in for the API, for work on the interface without the Python side. Never shipped.
//   npm run mock        then, in another terminal:   ONDOL_URL=http://127.0.0.1:8799 npm run dev
// It also serves the built app, so http://127.0.0.1:8799 shows what will be committed.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const PORT = Number(process.env.PORT ?? 8799);
const BUILT = new URL("../../src/ondol/serve/web/", import.meta.url).pathname;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const now = () => new Date().toISOString();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const GEOFENCE = `GeoFence

Geofences allow you to create virtual regions within which the vehicle can fly, or in which it is not allowed to fly.
You can also configure the action taken if you fly outside permitted areas.

Create a Geofence

To create a geofence:

Navigate to the Plan View
Select the Geofence radio button above the Mission Command List
Insert a circular or polygon region by pressing the Circular Fence or Polygon Fence button, respectively.
A new region will be added to the map and to the associated list of fences below the buttons.
`;
const KOREAN = `취업규칙

제12조(연차휴가) 1년간 80퍼센트 이상 출근한 직원에게 15일의 유급휴가를 준다. 😀 휴가는 사용 3일 전까지 신청한다.

제13조(병가) 업무 외의 질병으로 출근할 수 없는 직원에게 연 60일의 범위에서 병가를 허가할 수 있다.
`;
const PAGES = [
  "Annual report 2025\n\nRevenue grew by 12 % to 48.2 million won.",
  "Outlook\n\nThe company expects revenue of 53 million won in 2026.",
];

const record = (id, uri, title, kind, extra = {}) => ({
  id, uri, title, kind, media_type: "text/plain", blob_sha256: id.padEnd(64, "0"), size_bytes: 18_432, label: "open",
  licence: "", language: "en", author: "", num_chunks: 4, ingested_at: now(), warnings: [], ...extra,
});
let documents = [
  record("doc_fence", "file:///handbook/drone-handbook/en/plan_geofence.md", "GeoFence", "markdown"),
  record("doc_rules", "upload:///ab12/취업규칙.hwpx", "취업규칙", "hwpx", { language: "ko", label: "sensitive+hr" }),
  record("doc_report", "upload:///cd34/annual-report-2025.pdf", "Annual report 2025", "pdf", {
    num_pages: 2, size_bytes: 2_400_000, label: "classified", warnings: ["Page 2 holds a picture of text."],
  }),
];
const texts = { doc_fence: { text: GEOFENCE }, doc_rules: { text: KOREAN }, doc_report: { pages: PAGES.map((text, i) => ({ page: i + 1, text })) } };
const conversations = new Map();
const jobs = new Map();
let count = 0;

const cite = (number, id, quote, page) => {
  const document = documents.find((d) => d.id === id);
  const text = page ? PAGES[page - 1] : texts[id].text;
  const start = [...text.slice(0, text.indexOf(quote))].length;
  const locator = { ...(page ? { page } : {}), start, end: start + [...quote].length };
  return { number, document: id, uri: document.uri, title: document.title, locator, quote, chunk_id: `chk_${number}` };
};
const toHit = (c, rank) => ({
  rank, score: 1 / rank, chunk_id: c.chunk_id, document: c.document, uri: c.uri, title: c.title, locator: c.locator,
  text: c.quote, context: "", highlights: [[0, 9]], lexical_rank: rank,
});

function script(question) {
  if (/휴가|병가/.test(question)) {
    const quote = "1년간 80퍼센트 이상 출근한 직원에게 15일의 유급휴가를 준다.";
    const second = "휴가는 사용 3일 전까지 신청한다.";
    return { language: "ko", mode: "extractive", pieces: [[`${quote} [1]`, [cite(1, "doc_rules", quote)]], [`\n${second} [2]`, [cite(2, "doc_rules", second)]]] };
  }
  if (/revenue|report/i.test(question)) {
    const a = "Revenue grew by 12 % to 48.2 million won.";
    const b = "The company expects revenue of 53 million won in 2026.";
    return { language: "en", mode: "generated", model: "mock-7b", withheld: { unsupported_sentences: 2, unverified_citations: 1 }, pieces: [["Revenue rose to **48.2 million won** in 2025, 12 % more than before. [1]", [cite(1, "doc_report", a, 1)]], [" For 2026 the company expects 53 million won. [2]", [cite(2, "doc_report", b, 2)]]] };
  }
  if (/fence/i.test(question)) {
    const a = "Geofences allow you to create virtual regions within which the vehicle can fly, or in which it is not allowed to fly.";
    const b = "Insert a circular or polygon region by pressing the Circular Fence or Polygon Fence button, respectively.";
    return { language: "en", mode: "extractive", pieces: [[`${a} [1]\n\n`, [cite(1, "doc_fence", a)]], [`${b} [2]`, [cite(2, "doc_fence", b)]]] };
  }
  const near = [cite(1, "doc_fence", "You can also configure the action taken if you fly outside permitted areas."), cite(2, "doc_rules", "업무 외의 질병으로 출근할 수 없는 직원에게 연 60일의 범위에서 병가를 허가할 수 있다.")];
  return { language: "en", mode: "none", abstained: true, nearest: near.map((c, i) => toHit(c, i + 1)), pieces: [["Your documents do not say.", []]] };
}

async function ask(request, response, body) {
  const plan = script(body.question);
  const id = body.conversation_id ?? `con_${++count}`;
  const conversation = conversations.get(id) ?? { id, title: body.question.slice(0, 60), created_at: now(), updated_at: now(), messages: [] };
  const citations = plan.pieces.flatMap(([, c]) => c);
  const answer = {
    question: body.question, answer: plan.pieces.map(([text]) => text).join(""), abstained: plan.abstained ?? false, reason: "",
    mode: plan.mode, language: plan.language, citations, nearest: plan.nearest ?? [], model: plan.model ?? "extractive",
    withheld: { unsupported_sentences: 0, unverified_citations: 0, ...plan.withheld },
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, timings_ms: { total: 1840 },
    conversation_id: id, message_id: `msg_${++count}`,
  };
  let isOpen = true;
  response.on("close", () => { isOpen = false; });
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  await sleep(700);
  send("sources", { hits: citations.map((c, i) => toHit(c, i + 1)) });
  for (const [text, found] of plan.pieces) {
    await sleep(700);
    if (!isOpen) return;
    send("delta", { text, citations: found });
  }
  conversation.messages.push({ id: answer.message_id, question: body.question, answer, created_at: now() });
  conversations.set(id, conversation);
  send("done", { answer });
  response.end();
}

async function runJob(job) {
  const bad = /bad|broken|locked/.test(job.name);
  for (let step = 0; step <= 4; step += 1) {
    Object.assign(job, { status: step ? "running" : "queued", progress: { files_done: step, files_total: 4 }, updated_at: now() });
    await sleep(600);
  }
  if (bad) Object.assign(job, { status: "failed", error: { code: /locked/.test(job.name) ? "encrypted" : "corrupt_file", message: "The file could not be read.", remedy: "Save it again." } });
  else {
    const id = `doc_${++count}`;
    documents = [record(id, `upload:///x/${job.name}`, job.name.replace(/\.\w+$/, ""), "text"), ...documents];
    texts[id] = { text: "Added just now." };
    Object.assign(job, { status: "done", result: { added: 1, changed: 0, unchanged: 0, failures: [] } });
  }
}

const newJob = (name) => {
  const job = { id: `job_${++count}`, kind: "ingest", status: "queued", name, progress: {}, created_at: now(), updated_at: now() };
  jobs.set(job.id, job);
  void runJob(job);
  return job;
};

const notFound = [404, { error: { code: "not_found", message: "No such thing.", remedy: "" } }];
const summary = ({ messages: _, ...rest }) => rest;

const routes = [
  ["GET /health", () => ({ status: "ok", version: "0.1.0", documents: documents.length, chunks: 128, embed_model: "all-minilm-l6-v2", principal: "local" })],
  ["GET /me", () => ({ name: "local", label: "classified+*", is_admin: true, local: true, session: false, can_label: ["open", "sensitive", "classified", "sensitive+hr"] })],
  ["GET /models", () => ({ models: [
    { name: "smollm2-135m-instruct", source: "pypi:x", sha256: "", licence: "Apache-2.0", size_bytes: 1, capabilities: ["chat"], installed: true, default_for: ["chat"] },
    { name: "exaone-4.0-32b", source: "http://llm:8000/v1", sha256: "", licence: "EXAONE", size_bytes: 0, capabilities: ["chat", "reasoning"], installed: false, default_for: [] },
  ] })],
  ["GET /labels", () => ({ labels: [...new Set(documents.map((d) => d.label))] })],
  ["GET /documents", (_, { query }) => {
    const q = (query.get("q") ?? "").toLowerCase();
    return { documents: documents.filter((d) => (d.title + d.uri).toLowerCase().includes(q) && (!query.get("kind") || d.kind === query.get("kind")) && (!query.get("label") || d.label === query.get("label"))) };
  }],
  ["GET /documents/:id", ([id]) => documents.find((d) => d.id === id) ?? notFound],
  ["PATCH /documents/:id", ([id], { body }) => Object.assign(documents.find((d) => d.id === id), body)],
  ["DELETE /documents/:id", ([id]) => { documents = documents.filter((d) => d.id !== id); return [204]; }],
  ["GET /documents/:id/text", ([id]) => texts[id] ?? notFound],
  ["GET /documents/:id/pages/:n/boxes", () => ({ boxes: [[0.12, 0.22, 0.8, 0.25], [0.12, 0.255, 0.4, 0.285]] })],
  ["GET /conversations", () => ({ conversations: [...conversations.values()].reverse().map(summary) })],
  ["GET /conversations/:id", ([id]) => conversations.get(id) ?? notFound],
  ["PATCH /conversations/:id", ([id], { body }) => summary(Object.assign(conversations.get(id), body))],
  ["DELETE /conversations/:id", ([id]) => { conversations.delete(id); return [204]; }],
  ["POST /feedback", (_, { body }) => body],
  ["GET /jobs", () => ({ jobs: [...jobs.values()].reverse() })],
  ["GET /jobs/:id", ([id]) => jobs.get(id) ?? notFound],
  ["POST /jobs/:id/cancel", ([id]) => Object.assign(jobs.get(id), { status: "cancelled" })],
  ["POST /jobs/:id/retry", ([id]) => newJob(jobs.get(id).name)],
].map(([pattern, handle]) => {
  const [method, path] = pattern.split(" ");
  return { method, matcher: new RegExp(`^/api/v1${path.replace(/:\w+/g, "([^/]+)")}$`), handle };
});

const pageImage = (n) => `<svg xmlns="http://www.w3.org/2000/svg" width="595" height="842"><rect width="595" height="842" fill="#fff"/><text x="70" y="120" font-size="26">Page ${n}</text>${Array.from({ length: 24 }, (_, i) => `<rect x="70" y="${190 + i * 24}" width="${380 + ((i * 53) % 80)}" height="9" fill="#ccc"/>`).join("")}</svg>`;

async function readBody(request) {
  const parts = [];
  for await (const piece of request) parts.push(piece);
  return Buffer.concat(parts);
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  const path = decodeURIComponent(url.pathname);
  const json = (status, body) => { response.writeHead(status, { "content-type": "application/json" }); response.end(body === undefined ? "" : JSON.stringify(body)); };
  if (!path.startsWith("/api/")) {
    const file = join(BUILT, normalize(path === "/" ? "/index.html" : path));
    const content = await readFile(file).catch(() => null);
    response.writeHead(content ? 200 : 404, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    return response.end(content ?? "");
  }
  const raw = await readBody(request);
  if (request.method === "POST" && path === "/api/v1/documents") {
    const names = [...raw.toString("utf8").matchAll(/filename="([^"]*)"/g)].map((match) => match[1]);
    return json(202, { jobs: names.map(newJob), refused: [] });
  }
  const body = raw.length ? JSON.parse(raw.toString("utf8")) : {};
  if (path === "/api/v1/ask") return ask(request, response, body);
  const image = /\/pages\/(\d+)\/image$/.exec(path);
  if (image) { response.writeHead(200, { "content-type": "image/svg+xml" }); return response.end(pageImage(image[1])); }
  if (/\/jobs\/[^/]+\/events$/.test(path)) {
    const job = jobs.get(path.split("/").at(-2));
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (;;) {
      const isOver = ["done", "failed", "cancelled"].includes(job.status);
      response.write(`event: ${isOver ? "done" : "progress"}\ndata: ${JSON.stringify(job)}\n\n`);
      if (isOver) return response.end();
      await sleep(300);
    }
  }
  for (const { method, matcher, handle } of routes) {
    const match = method === request.method && matcher.exec(path);
    if (!match) continue;
    const result = handle(match.slice(1), { query: url.searchParams, body });
    return Array.isArray(result) ? json(...result) : json(200, result);
  }
  return json(...notFound);
}).listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));
