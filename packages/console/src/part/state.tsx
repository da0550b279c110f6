import classes from './state.module.css';

type Shape = 'full' | 'half' | 'empty' | 'cross';

/** A shape and a word, never only a colour. */
function State({ shape, children }: { readonly shape: Shape; readonly children: string }) {
  return (
    <span className={classes.state}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" focusable="false" className={classes[shape]}>
        {shape === 'cross' ? (
          <path d="M1.500 1.500l7 7m0-7l-7 7" stroke="currentColor" strokeWidth="1.600" strokeLinecap="round" />
        ) : (
          <circle
            cx="5"
            cy="5"
            r="4"
            fill={shape === 'full' ? 'currentColor' : 'none'}
            stroke="currentColor"
            strokeWidth="1.400"
          />
        )}
        {shape === 'half' && <path d="M5 1a4 4 0 0 1 0 8z" fill="currentColor" />}
      </svg>
      {children}
    </span>
  );
}

export const Active = () => <State shape="full">Active</State>;
export const Overlap = () => <State shape="half">Overlap</State>;
export const Disabled = () => <State shape="empty">Disabled</State>;
export const Expired = () => <State shape="cross">Expired</State>;
export const Deleted = () => <State shape="cross">Deleted</State>;
export const Invited = () => <State shape="half">Invited</State>;
export const On = () => <State shape="full">On</State>;
export const Off = () => <State shape="empty">Off</State>;
export const Paused = () => <State shape="empty">Paused by plan</State>;
