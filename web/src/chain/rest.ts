// Our REST interface, from the same origin. Only the explorer needs it; trading works without.
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

export interface Page<T> {
  block: Block;
  items: T[];
  next?: string | null;
}
