// Line icons of our own, drawn on a grid of 24.
const line = (d: string) => () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
    <path d={d} />
  </svg>
);

export const Icon = {
  Search: line('M10.5 18a7.5 7.5 0 1 1 0-15 7.5 7.5 0 0 1 0 15zM16 16l5 5'),
  Close: line('M6 6l12 12M18 6L6 18'),
  Check: line('M4.5 12.5l5 5L19.5 7'),
  Copy: line('M9 9h11v11H9zM15 9V4H4v11h5'),
  Down: line('M12 4v16M5.5 13.5L12 20l6.5-6.5'),
  Swap: line('M4 8.5h15M15 4.5l4 4-4 4M20 15.5H5M9 11.5l-4 4 4 4'),
  Send: line('M4 12L20.5 4 16 20.5l-4-7z M12 13.5L20.5 4'),
  Pool: line('M12 3c3.5 4.3 7 8 7 11.5a7 7 0 0 1-14 0C5 11 8.5 7.3 12 3z'),
  Wallet: line('M4 7.5A2.5 2.5 0 0 1 6.5 5H18v3M4 7.5V17a2.5 2.5 0 0 0 2.5 2.5H20V8H6M16.5 13.8h.01'),
  Globe: line('M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM3.5 9.5h17M3.5 14.5h17M12 3c-2.5 2.5-3.7 5.5-3.7 9s1.2 6.5 3.7 9c2.5-2.5 3.7-5.5 3.7-9S14.5 5.5 12 3z'),
  Chart: line('M4 20V4M4 20h16M8 15l3.5-4.5 3 2.5L20 7'),
  Sun: line('M12 16.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4'),
  Moon: line('M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z'),
  Warning: line('M12 4L2.8 19.5h18.4zM12 10v4.5M12 17.2h.01'),
  Info: line('M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 11v5.5M12 7.7h.01'),
  Settings: line('M4 7h10M18 7h2M4 17h2M10 17h10M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z'),
  Eye: line('M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 1 0-6 3 3 0 0 1 0 6z'),
  Shield: line('M12 3l7.5 3v5.5c0 4.7-3.2 8-7.5 9.5-4.3-1.5-7.5-4.8-7.5-9.5V6zM8.5 12l2.5 2.5 4.5-5'),
  Plus: line('M12 5v14M5 12h14'),
  Out: line('M7 17L17 7M9 7h8v8'),
  In: line('M17 7L7 17M15 17H7V9'),
  Clock: line('M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 7v5.5l3.5 2'),
  File: line('M6 3h8l4 4v14H6zM14 3v4h4'),
  Power: line('M12 3v9M6.5 6.5a8 8 0 1 0 11 0'),
  Chevron: () => (
    <svg className="chevron" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2.3" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M5 9l7 7 7-7" />
    </svg>
  ),
  Drop: () => (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <defs>
        <linearGradient id="drop" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor="#5fd7ee" />
          <stop offset="1" stopColor="#0b7a9c" />
        </linearGradient>
      </defs>
      <path fill="url(#drop)" d="M16 2.5c4.6 5.7 9.5 11.4 9.5 17.2A9.5 9.5 0 0 1 16 29.5a9.5 9.5 0 0 1-9.5-9.8C6.5 13.9 11.4 8.2 16 2.5z" />
      <path fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" opacity=".9" d="M11.2 20.2a5 5 0 0 0 4.3 4.7" />
    </svg>
  ),
};
