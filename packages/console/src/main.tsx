import '@fontsource-variable/instrument-sans/wght.css';
import '@fontsource/commit-mono/latin-400.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme/tokens.css';
import './theme/base.css';
import './theme/mantine.css';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

/** What our own scripts add as `<style>` carries the nonce of this answer; the browser hides it from everything else. */
const styleNonce = document.querySelector<HTMLStyleElement>('style[nonce]')?.nonce ?? '';
setNonce(styleNonce);

const root = document.getElementById('root');
if (root) createRoot(root).render(<App styleNonce={styleNonce} />);
