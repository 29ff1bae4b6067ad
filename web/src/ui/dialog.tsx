/** Dialogs and drawers on the browser's own modal `<dialog>`: it keeps the focus inside and hides the rest. */

import { X } from "lucide-react";
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { Button, IconButton } from "./button";
import { Layer } from "./layer";

interface ModalProps {
  onClose: () => void;
  labelledBy?: string;
  describedBy?: string | undefined;
  label?: string;
  className: string;
  children: ReactNode;
}

function Modal({ onClose, labelledBy, describedBy, label, className, children }: ModalProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const [layer, setLayer] = useState<HTMLElement | null>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog) return undefined;
    dialog.showModal();
    // The first field where there is one, the dialog itself otherwise: not its close button, which comes first.
    (dialog.querySelector<HTMLElement>("[data-first], input, textarea") ?? dialog).focus();
    setLayer(dialog);
    return () => dialog.close();
  }, []);
  return createPortal(
    <dialog
      ref={ref}
      tabIndex={-1}
      aria-label={label}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      onCancel={(event) => {
        event.preventDefault();
        if (event.target === event.currentTarget) onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
      className={cx("fixed m-0 max-h-none max-w-none bg-transparent p-0 text-ink outline-none backdrop:bg-[rgb(12_16_14/0.5)]", className)}
    >
      <Layer.Provider value={layer}>{children}</Layer.Provider>
    </dialog>,
    document.body,
  );
}

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
  wide?: boolean;
}

export function Dialog({ open, onOpenChange, title, description, children, wide = false }: DialogProps) {
  const { t } = useI18n();
  const id = useId();
  if (!open) return null;
  return (
    <Modal
      onClose={() => onOpenChange(false)}
      labelledBy={`${id}-title`}
      describedBy={description ? `${id}-text` : undefined}
      className={cx(
        "inset-x-0 top-auto bottom-0 mx-auto w-full sm:inset-0 sm:my-auto sm:h-fit",
        wide ? "sm:max-w-xl" : "sm:max-w-md",
      )}
    >
      <div className="rise max-h-[90dvh] overflow-y-auto rounded-t-2xl border border-line bg-raised p-5 shadow-float sm:rounded-2xl sm:p-6">
        <div className="flex items-start justify-between gap-4">
          <h2 id={`${id}-title`} className="text-xl leading-snug font-semibold">
            {title}
          </h2>
          <IconButton label={t("app.close")} compact className="-mt-1 -mr-2" onClick={() => onOpenChange(false)}>
            <X size={18} aria-hidden />
          </IconButton>
        </div>
        {description ? (
          <p id={`${id}-text`} className="mt-1 text-sm text-ink-2">
            {description}
          </p>
        ) : null}
        <div className="mt-4">{children}</div>
      </div>
    </Modal>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: string;
  action: string;
  onConfirm: () => void;
}

/** Ask before something is lost. The focus starts on “cancel”. */
export function Confirm({ open, onOpenChange, title, description, action, onConfirm }: ConfirmProps) {
  const { t } = useI18n();
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} description={description}>
      <div className="flex justify-end gap-2">
        <Button data-first onClick={() => onOpenChange(false)}>
          {t("app.cancel")}
        </Button>
        <Button
          kind="danger"
          onClick={() => {
            onOpenChange(false);
            onConfirm();
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}

interface DrawerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  side: "left" | "right";
  children: ReactNode;
}

/** A panel over the page, for screens too narrow to put it beside. */
export function Drawer({ open, onOpenChange, title, side, children }: DrawerProps) {
  if (!open) return null;
  return (
    <Modal
      onClose={() => onOpenChange(false)}
      label={title}
      className={cx(
        "inset-y-0 h-dvh overflow-clip",
        side === "left" ? "right-auto left-0 w-[min(20rem,86vw)]" : "right-0 left-auto w-full sm:w-[min(36rem,92vw)]",
      )}
    >
      <div className={cx("flex h-full flex-col bg-paper shadow-float", side === "left" ? "slide-left" : "slide-right")}>
        {children}
      </div>
    </Modal>
  );
}
