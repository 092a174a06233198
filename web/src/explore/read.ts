// Reading our REST interface in pages.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useHeight } from '../chain/head';
import { type Page, RestError, rest } from '../chain/rest';
import { type Block } from '../chain/v1';

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
