import { createContext, useContext } from "react";

/** Where menus and tooltips of a dialog must live: outside the modal `<dialog>` they would be hidden and dead. */
export const Layer = createContext<HTMLElement | null>(null);

export const useLayer = () => useContext(Layer);
