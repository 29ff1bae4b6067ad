// @vitest-environment node
import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("the wire types are those of openapi.json (npm run types)", async () => {
  const written = astToString(await openapiTS(new URL("../../openapi.json", import.meta.url)));
  const body = (text: string) => text.slice(text.indexOf("export interface paths"));
  expect(body(readFileSync("src/api/schema.ts", "utf8")).trim()).toBe(body(written).trim());
});
