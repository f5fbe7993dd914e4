/** The tables of accounts in the schema `shard`. */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled in beside its migration
export interface AccountTables {}
