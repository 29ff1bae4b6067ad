import { expect, it } from "vitest";
import { readAlpha } from "./agreement";

it("alpha is told in words", () => {
  const read = [null, 1, 0.8, 0.7, 0.5, 0, -0.2].map(readAlpha);
  expect(read).toEqual(
    ["UnknownText", "High", "High", "Fair", "Low", "Low", "Against"].map((word) => `overview.agree${word}`),
  );
});
