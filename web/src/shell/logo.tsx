/** A roof over a warm floor, whose flues are the three short lines. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill="#a83e25" />
      <path
        d="M6.5 14.2 16 6.8l9.5 7.4" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path d="M8 19.2h16" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
      <path d="M8 24.4h3.4M14.3 24.4h3.4M20.6 24.4H24" stroke="#ffc9a8" strokeWidth="2.4" strokeLinecap="round" />
    </svg>
  );
}
