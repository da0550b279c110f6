import { type NavigateOptions, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/** Leads from the page of something that is gone to the list that it was in, unless somebody has left it already. */
export function useLeave(to: NonNullable<NavigateOptions['to']>): () => Promise<void> {
  const navigate = useNavigate();
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return async () => {
    if (isHere.current) await navigate({ to });
  };
}
