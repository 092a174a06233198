// What the page remembers on this machine. Storage may be full or forbidden; then it forgets.
const name = (key: string) => `limpid.${key}`;

export function kept<T>(key: string): T | undefined {
  try {
    const text = localStorage.getItem(name(key));
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function keep(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(name(key));
    else localStorage.setItem(name(key), JSON.stringify(value));
  } catch {
    // Not kept.
  }
}
