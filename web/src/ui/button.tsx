import type { ComponentProps, ReactNode } from "react";
import { Tooltip } from "radix-ui";
import { cx } from "@/text/cx";
import { useLayer } from "./layer";

const KINDS = {
  solid: "bg-ember text-on-ember hover:bg-ember-strong disabled:bg-line disabled:text-ink-3",
  outline: "border border-line-strong bg-raised text-ink hover:border-ember hover:text-ember-strong",
  quiet: "text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "bg-bad text-paper hover:opacity-90",
} as const;

interface ButtonProps extends ComponentProps<"button"> {
  kind?: keyof typeof KINDS;
  size?: "normal" | "small";
}

export function Button({ kind = "outline", size = "normal", className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={cx(
        "inline-flex items-center justify-center gap-2 rounded-lg font-medium transition-colors select-none",
        "disabled:cursor-not-allowed",
        size === "small" ? "min-h-8 px-2.5 text-sm" : "min-h-10 px-4 text-[0.9375rem]",
        KINDS[kind],
        className,
      )}
      {...rest}
    />
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  label: string;
  children: ReactNode;
  pressed?: boolean;
  /** On touch screens the target grows to 40 px whatever the icon's size. */
  compact?: boolean;
}

/** A button of one icon: its name is read aloud, and shown when pointed at. */
export function IconButton({ label, pressed, compact = false, className, children, ...rest }: IconButtonProps) {
  const layer = useLayer();
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          aria-pressed={pressed}
          className={cx(
            "inline-flex shrink-0 items-center justify-center rounded-lg text-ink-2 transition-colors",
            "hover:bg-sunken hover:text-ink disabled:cursor-not-allowed disabled:opacity-45 pointer-coarse:size-10",
            "aria-pressed:text-ember",
            compact ? "size-8" : "size-10",
            className,
          )}
          {...rest}
        >
          {children}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal container={layer}>
        <Tooltip.Content
          sideOffset={6}
          className="rise z-50 max-w-64 rounded-md bg-ink px-2 py-1 text-xs text-paper shadow-float"
        >
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
