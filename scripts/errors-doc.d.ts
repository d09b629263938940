export function renderErrors(table: Record<string, { message: string; retry: boolean }>): string;
