import type { ComponentProps } from "react";
import { addressOf, goTo, type Route } from "./route";

interface LinkProps extends Omit<ComponentProps<"a">, "href"> {
  to: Route;
  onNavigate?: (() => void) | undefined;
}

/** A link to a page of the app. */
export function Link({ to, onNavigate, ...rest }: LinkProps) {
  return (
    <a
      href={addressOf(to)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        goTo(to);
        onNavigate?.();
      }}
      {...rest}
    />
  );
}
