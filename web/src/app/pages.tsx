// Which page belongs to which address. Each is a chunk of its own, loaded when it is opened.
import { Component, Suspense, lazy, useEffect, useRef } from 'react';
import { Empty, Failed, Skeleton } from '../ui/basics';
import { Icon } from '../ui/icons';
import { Link, type Params, ParamsProvider, match, useLocation } from './router';

type Page = React.LazyExoticComponent<React.ComponentType>;
const swap = lazy(() => import('../pages/swap'));
const ROUTES: [pattern: string, page: Page, title: string][] = [
  ['/', swap, 'Swap'],
  ['/swap', swap, 'Swap'],
  ['/send', lazy(() => import('../pages/send')), 'Send'],
  ['/pools', lazy(() => import('../pages/pools')), 'Pools'],
  ['/pool/:pair', lazy(() => import('../pages/pool')), 'Pool'],
  ['/portfolio', lazy(() => import('../pages/portfolio')), 'Portfolio'],
  ['/allowances', lazy(() => import('../pages/allowances')), 'Allowances'],
  ['/explore', lazy(() => import('../pages/explore')), 'Explore'],
  ['/block/:id', lazy(() => import('../pages/block')), 'Block'],
  ['/tx/:hash', lazy(() => import('../pages/tx')), 'Transaction'],
  ['/address/:address', lazy(() => import('../pages/address')), 'Address'],
  ['/token/:address', lazy(() => import('../pages/token')), 'Token'],
  ['/tokens', lazy(() => import('../pages/tokens')), 'Tokens'],
  ['/contracts', lazy(() => import('../pages/contracts')), 'Contracts'],
  ['/search', lazy(() => import('../pages/search')), 'Search'],
];

function find(path: string): { page?: Page; title: string; params: Params } {
  for (const [pattern, page, title] of ROUTES) {
    const params = match(pattern, path);
    if (params) return { page, title, params };
  }
  return { title: 'Not found', params: {} };
}

export function Pages() {
  const path = useLocation().split('?')[0]!;
  const { page: Found, title, params } = find(path);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Limpid`;
    // Those who do not see the page hear which one has come.
    if (!first.current) document.getElementById('main')?.focus({ preventScroll: true });
    first.current = false;
  }, [title, path]);
  return (
    <Boundary key={path}>
      <ParamsProvider value={params}>
        <Suspense fallback={<Loading />}>{Found ? <Found /> : <NotFound />}</Suspense>
      </ParamsProvider>
    </Boundary>
  );
}

const Loading = () => <div className="narrow card pad stack" aria-busy="true"><Skeleton wide={8} /><Skeleton wide={16} /><Skeleton wide={12} /></div>;

const NotFound = () => (
  <div className="narrow card">
    <Empty icon={<Icon.Search />} title="There is no such page">
      <p>Check the address, or search for what you are looking for.</p>
      <Link to="/explore" className="button">Explore</Link>
    </Empty>
  </div>
);

/** A mistake of ours in one page leaves the others alone. */
class Boundary extends Component<{ children: React.ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return <div className="narrow card"><Failed what="This page broke" why={`Nothing was sent. ${this.state.error.message}`} again={() => location.reload()} /></div>;
  }
}
