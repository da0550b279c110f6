/** What a new password has to be; the server checks it. */
export function NewPasswordHint() {
  return <>At least 12 characters. A few words are easier to remember than symbols.</>;
}
