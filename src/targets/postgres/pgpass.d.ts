/** The part of the package that is used; it brings no types along. */
declare module "pgpass" {
  export interface PasswordQuestion {
    host: string;
    port: number;
    database: string;
    user: string;
  }

  export default function pgpass(
    question: PasswordQuestion,
    answer: (password: string | undefined) => void,
  ): void;
}
