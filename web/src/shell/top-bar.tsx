import { Menu as MenuIcon, SquarePen } from "lucide-react";
import { chat } from "@/chat/store";
import { useI18n } from "@/i18n";
import { IconButton } from "@/ui/button";
import { Logo } from "./logo";
import { goTo } from "./route";

/** The head of a narrow page: menu, name, new question. */
export function TopBar({ onOpenMenu }: { onOpenMenu: () => void }) {
  const { t } = useI18n();
  return (
    <header className="no-print flex items-center justify-between border-b border-line bg-paper px-2 py-1.5">
      <IconButton label={t("nav.open")} onClick={onOpenMenu}>
        <MenuIcon size={20} aria-hidden />
      </IconButton>
      <span className="flex items-center gap-2 text-lg font-semibold">
        <Logo size={22} />
        {t("app.name")}
      </span>
      <IconButton
        label={t("nav.newChat")}
        onClick={() => {
          chat.startNew();
          goTo({ page: "chat", conversation: null });
        }}
      >
        <SquarePen size={19} aria-hidden />
      </IconButton>
    </header>
  );
}
