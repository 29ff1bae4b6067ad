import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/text/cx";
import { useLayer } from "./layer";

interface MenuProps {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom";
  className?: string;
}

export function Menu({ trigger, children, align = "end", side = "bottom", className }: MenuProps) {
  const layer = useLayer();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={layer}>
        <DropdownMenu.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className={cx(
            "rise z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] min-w-44 overflow-y-auto rounded-xl border",
            "border-line bg-raised p-1 shadow-float",
            className,
          )}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const ITEM =
  "flex min-h-9 w-full items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm text-ink outline-none select-none " +
  "data-highlighted:bg-sunken data-disabled:opacity-45 pointer-coarse:min-h-11";

interface MenuItemProps {
  onSelect: () => void;
  children: ReactNode;
  danger?: boolean;
}

export function MenuItem({ onSelect, children, danger = false }: MenuItemProps) {
  return (
    <DropdownMenu.Item onSelect={onSelect} className={cx(ITEM, danger && "text-bad")}>
      {children}
    </DropdownMenu.Item>
  );
}

export function MenuLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <DropdownMenu.Item asChild className={ITEM}>
      <a href={href} download>
        {children}
      </a>
    </DropdownMenu.Item>
  );
}

export { DropdownMenu, ITEM as MENU_ITEM };
