import { Brain, Check, ChevronDown, Cpu, Quote } from "lucide-react";
import type { ReactNode } from "react";
import { useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { DropdownMenu, Menu, MENU_ITEM } from "@/ui/menu";
import { useModels } from "./models";
import { changePreferences, EXTRACTIVE, usePreferences } from "./preferences";

export const CHIP =
  "inline-flex h-8 min-w-0 items-center gap-1.5 rounded-lg px-2 text-sm text-ink-2 hover:bg-sunken hover:text-ink " +
  "data-[state=open]:bg-sunken pointer-coarse:h-10";

function Option({ value, icon, title, text }: { value: string; icon: ReactNode; title: string; text?: string }) {
  return (
    <DropdownMenu.RadioItem value={value} className={cx(MENU_ITEM, "items-start")}>
      <span className="mt-0.5 shrink-0 text-ink-3">{icon}</span>
      <span className="min-w-0 flex-1">
        <span className="block truncate">{title}</span>
        {text ? <span className="block text-xs text-ink-2">{text}</span> : null}
      </span>
      <DropdownMenu.ItemIndicator className="mt-0.5 text-ember">
        <Check size={16} aria-hidden />
      </DropdownMenu.ItemIndicator>
    </DropdownMenu.RadioItem>
  );
}

/** Which model answers, or none; and whether it thinks first, where it can. */
export function ModelPicker() {
  const { t } = useI18n();
  const { model, think } = usePreferences();
  const { models, standard, missing, chosen, canThink } = useModels();
  const name = chosen ? chosen.name : t("model.extractive");
  const value = chosen ? (model === EXTRACTIVE ? standard?.name : chosen.name) : EXTRACTIVE;
  return (
    <>
      <Menu
        side="top"
        align="start"
        className="w-72 max-w-[calc(100vw-1.5rem)]"
        trigger={
          <button type="button" className={CHIP} aria-label={`${t("model.label")}: ${name}`}>
            {chosen ? <Cpu size={15} aria-hidden className="shrink-0" /> : <Quote size={15} aria-hidden className="shrink-0" />}
            <span className="truncate">{name}</span>
            <ChevronDown size={14} aria-hidden className="shrink-0" />
          </button>
        }
      >
        <DropdownMenu.RadioGroup
          value={value ?? ""}
          onValueChange={(next) => changePreferences({ model: next === standard?.name ? "" : next })}
        >
          {models.map((record) => (
            <Option
              key={record.name}
              value={record.name}
              icon={<Cpu size={16} aria-hidden />}
              title={record.name}
              {...(record === standard ? { text: t("model.default") } : record.licence ? { text: record.licence } : {})}
            />
          ))}
          <Option
            value={EXTRACTIVE}
            icon={<Quote size={16} aria-hidden />}
            title={t("model.extractive")}
            text={t("model.extractiveText")}
          />
        </DropdownMenu.RadioGroup>
        {missing ? (
          <p className="mt-1 border-t border-line px-2.5 pt-2 pb-1.5 text-xs text-ink-2">
            {t("model.none")}
            <code className="mt-1 block font-mono text-ink select-all">{`ondol models pull ${missing.name}`}</code>
          </p>
        ) : null}
      </Menu>
      {canThink ? (
        <button
          type="button"
          aria-pressed={think}
          title={t("model.thinkText")}
          onClick={() => changePreferences({ think: !think })}
          className={cx(CHIP, "shrink-0 aria-pressed:bg-ember-soft aria-pressed:text-ember-strong")}
        >
          <Brain size={15} aria-hidden />
          <span className="max-sm:sr-only">{t("model.think")}</span>
        </button>
      ) : null}
    </>
  );
}
