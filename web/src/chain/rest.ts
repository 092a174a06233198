// Our REST interface, from the same origin. Only the explorer needs it; trading works without.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useHeight } from './head';
import { type Block } from './v1';

export class RestError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

export async function rest<T>(path: string): Promise<T> {
  const answer = await fetch(`/v1/${path}`, { headers: { accept: 'application/json' } });
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RestError('unavailable', 'This node serves no explorer here.');
  }
  if (!answer.ok) {
    const error = (body as { error?: { code: string; message: string } }).error;
    throw new RestError(error?.code ?? 'internal', error?.message ?? `The node answered ${answer.status}.`);
  }
  return body as T;
}

/** One thing, read again with each block. */
export function useOne<T>(path: string | undefined, { live = true } = {}) {
  const height = useHeight();
  return useQuery({
    queryKey: ['v1', path, live ? height : ''],
    queryFn: () => rest<{ block: Block; item: T }>(path!),
    enabled: !!path,
    placeholderData: keepPreviousData,
    retry: (count, error) => count < 2 && !(error instanceof RestError),
  });
}

export interface Page<T> {
  block: Block;
  items: T[];
  next?: string | null;
}

/** A list by cursor; its first page is read again with each block while only that one is open. */
export function useList<T>(path: string | undefined, { limit = 25, live = true } = {}) {
  const height = useHeight();
  const query = useInfiniteQuery({
    queryKey: ['v1 list', path, limit],
    queryFn: ({ pageParam }) => {
      const join = path!.includes('?') ? '&' : '?';
      return rest<Page<T>>(`${path}${join}limit=${limit}${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ''}`);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: !!path,
    placeholderData: keepPreviousData,
    retry: (count, error) => count < 2 && !(error instanceof RestError),
  });
  const first = useQuery({
    queryKey: ['v1 first', path, limit, height],
    queryFn: () => rest<Page<T>>(`${path}${path!.includes('?') ? '&' : '?'}limit=${limit}`),
    enabled: !!path && live && (query.data?.pages.length ?? 0) === 1,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const pages = query.data?.pages ?? [];
  const items = pages.length === 1 && first.data ? first.data.items : pages.flatMap((page) => page.items);
  return { ...query, items, loaded: pages.length > 0 };
}
