"""Names of genes, miRNAs, samples and tissues; units and scales of measurements."""
