import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Ten steps of one hue, light to dark, as Mantine wants them; what is seen is coloured by theme/tokens.css. */
function scale(chroma: number, hue: number): MantineColorsTuple {
  const lightness = [98, 95, 89, 83, 76, 68, 58, 48, 40, 32];
  return lightness.map((percent) => `oklch(${percent}% ${chroma} ${hue})`) as unknown as MantineColorsTuple;
}

export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  headings: { fontFamily: 'var(--font)', fontWeight: '600' },
  colors: { verdigris: scale(0.07, 190), brick: scale(0.13, 33), gray: scale(0.006, 85) },
  primaryColor: 'verdigris',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  defaultRadius: 4,
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Button: { defaultProps: { variant: 'default' } },
    Menu: { defaultProps: { position: 'bottom-end', shadow: undefined, transitionProps: { duration: 0 }, offset: 4 } },
    Tooltip: {
      defaultProps: {
        openDelay: 400,
        transitionProps: { duration: 0 },
        events: { hover: true, focus: true, touch: false },
      },
    },
    Modal: { defaultProps: { transitionProps: { duration: 0 }, overlayProps: { transitionProps: { duration: 0 } } } },
    Select: { defaultProps: { comboboxProps: { transitionProps: { duration: 0 } } } },
    Textarea: { defaultProps: { autosize: true, minRows: 2, maxRows: 8 } },
  },
});
