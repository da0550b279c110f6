import { Tooltip } from '@mantine/core';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { IconButton } from './icon-button.tsx';

/** As long as the pointer rests, the words appear; by keyboard at once. */
const REST_MS = 400;

interface RowButtonProps {
  /** What it does to what: "Refresh token ci". */
  readonly name: string;
  /** What it does, for who sees the row: "Refresh token". */
  readonly label: string;
  readonly destroys?: boolean;
  readonly ref?: RefObject<HTMLButtonElement | null>;
  readonly onClick: () => void;
  /** An icon. */
  readonly children: ReactNode;
}

/** An icon to click in a row, and its words when somebody comes near. A list has many: until then it is a button and nothing else. */
export function RowButton({ name, label, destroys = false, ref, onClick, children }: RowButtonProps) {
  const own = useRef<HTMLButtonElement>(null);
  const button = ref ?? own;
  const [near, setNear] = useState<'resting' | 'focused' | null>(null);
  const [said, setSaid] = useState(false);
  useEffect(() => {
    if (near === null) return setSaid(false);
    const timer = setTimeout(() => setSaid(true), near === 'resting' ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [near]);
  return (
    <>
      <IconButton
        ref={button}
        aria-label={name}
        data-tone={destroys ? 'brick' : undefined}
        onClick={({ detail }) => {
          setNear(null);
          // The second of two quick clicks was for the row that stood here before.
          if (detail < 2) onClick();
        }}
        onPointerEnter={({ pointerType }) => pointerType !== 'touch' && setNear('resting')}
        onPointerLeave={() => setNear(null)}
        onFocus={({ currentTarget }) => currentTarget.matches(':focus-visible') && setNear('focused')}
        onBlur={() => setNear(null)}
        onKeyDown={({ key }) => key === 'Escape' && setNear(null)}
      >
        {children}
      </IconButton>
      {said && <Tooltip opened label={label} target={button} />}
    </>
  );
}
