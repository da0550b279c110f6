import type { Mail } from './mail.ts';

/** What is written to people: plain text, with the link and nothing that tells whether it was opened. */

export function invitationMail(to: string, organization: string, link: string): Mail {
  return {
    to,
    subject: `You are invited to ${organization}`,
    text: [
      `You are invited to join ${organization} on Postern.`,
      '',
      'This link lets you in, once, within 7 days:',
      '',
      link,
      '',
      'If you do not know what this is about, do nothing.',
      '',
    ].join('\n'),
  };
}

export function resetMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Set a new password',
    text: [
      'Somebody, probably you, asked to set a new password for Postern.',
      '',
      'This link does it, once, within an hour; it ends all your sessions:',
      '',
      link,
      '',
      'If it was not you, do nothing: your password stays as it is.',
      '',
    ].join('\n'),
  };
}
