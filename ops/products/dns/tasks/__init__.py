"""The `dns` collection."""

from __future__ import annotations

from ops.products.dns.tasks import files, records

list_records, find_records, get_record = records.list_records, records.find_records, records.get_record
create_record = records.create_record
update_record, put_record, delete_record = records.update_record, records.put_record, records.delete_record
export_records, import_records = files.export_records, files.import_records
plan_records, apply_records = files.plan_records, files.apply_records
