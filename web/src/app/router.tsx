// A small router over the history API: patterns such as `/pool/:pair`, links, titles, and focus after a change of page.
import { createContext, useContext, useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
const notify = () => listeners.forEach((listener) => listener());
if (typeof window !== 'undefined') window.addEventListener('popstate', notify);

export const useLocation = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => location.pathname + location.search);

export function go(to: string, { replace = false } = {}) {
  if (to === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  if (!replace) scrollTo(0, 0);
  notify();
}

export type Params = Record<string, string>;

/** The parameters of a path that fits a pattern, or null. */
export function match(pattern: string, path: string): Params | null {
  const [want, have] = [pattern.split('/'), path.replace(/\/+$/, '').split('/')];
  if (want.length !== have.length && !(pattern === '/' && path === '/')) return null;
  const params: Params = {};
  for (const [index, part] of want.entries()) {
    const given = have[index] ?? '';
    if (part.startsWith(':')) {
      try {
        params[part.slice(1)] = decodeURIComponent(given);
      } catch {
        return null;
      }
    } else if (part !== given) return null;
  }
  return params;
}

const ParamsContext = createContext<Params>({});
export const ParamsProvider = ParamsContext.Provider;
export const useParams = () => useContext(ParamsContext);

/** One value of the address's query, and how to change it without a new page. */
export function useQueryValue(name: string): [string, (value: string) => void] {
  const search = new URLSearchParams(useLocation().split('?')[1]);
  const set = (value: string) => {
    const next = new URLSearchParams(location.search);
    if (value) next.set(name, value);
    else next.delete(name);
    const text = next.toString();
    go(location.pathname + (text ? `?${text}` : ''), { replace: true });
  };
  return [search.get(name) ?? '', set];
}

type LinkProps = React.AnchorHTMLAttributes<HTMLAnchorElement> & { to: string };

export function Link({ to, onClick, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(to);
      }}
    />
  );
}
