"""The families of inputs, a module for each or for several that are alike."""

from tests.fuzz.kinds import bundle, h5ad, options, parquet, request, text, vcf, workbook

KINDS = {
    kind.name: kind
    for module in (text, vcf, workbook, h5ad, parquet, bundle, options, request)
    for kind in module.KINDS
}
