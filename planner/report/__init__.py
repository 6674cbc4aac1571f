"""Shows results, never computes them: map, tables, workbook, report."""
