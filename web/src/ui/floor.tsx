import { cx } from "@/text/cx";

const SLABS = [7, 4, 9, 5, 6, 10, 4, 8, 5];

/** The stones of a heated floor, under the composer: they warm one after the other while an answer is on its way. */
export function Floor({ warm }: { warm: boolean }) {
  return (
    <div aria-hidden className={cx("floor mx-3 mt-2.5 flex h-[3px] gap-[3px]", warm && "floor-warm")}>
      {SLABS.map((width, index) => (
        <span key={index} className="slab" style={{ flexGrow: width }} />
      ))}
    </div>
  );
}
