// Ages and times in words. Seconds in, text out.

/** How long ago, in the largest unit that fits: `just now`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

export const ago = (seconds: number) => (seconds < 2 ? 'just now' : `${span(seconds)} ago`);

/** `2026-11-27 11:50:03 UTC`. */
export function utc(timestamp: bigint | number): string {
  const date = new Date(Number(timestamp) * 1_000);
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
